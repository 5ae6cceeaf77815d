"""What whole-gateway tests share: an upstream that can misbehave, and the gateway as a process."""
