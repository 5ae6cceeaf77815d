"""Opens the terminal UI; ``llmgate up`` and ``llmgate tui`` call it."""

from llmgate_tui.app import LlmgateApp


def run(url: str, token: str, *, owns_gateway: bool = False) -> int:
    """Runs until the person leaves; the exit code of the process."""
    app = LlmgateApp(url, token, owns_gateway=owns_gateway)
    app.run()
    return app.return_code or 0
