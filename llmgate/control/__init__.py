"""The control API (/admin/v1): what the terminal UI and scripts are clients of."""
