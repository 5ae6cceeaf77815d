"""What differs between answers, and between requests of a conversation: told everything, no I/O."""
