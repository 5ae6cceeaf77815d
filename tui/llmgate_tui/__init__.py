"""The terminal UI of llmgate: a client of the control API."""
