"""Recordings as other tools read them: HAR, curl, Python, JSONL of conversations."""
