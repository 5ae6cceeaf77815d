"""llmgate: a local gateway and terminal UI for LLM API traffic."""

__version__ = "0.1.0"
