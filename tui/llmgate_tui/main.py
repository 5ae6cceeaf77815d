"""Opens the terminal UI; ``llmgate up`` and ``llmgate tui`` call it."""

import os
from collections.abc import Callable
from pathlib import Path

from llmgate_tui import themes
from llmgate_tui.app import LlmgateApp


def run(
    url: str,
    token: str,
    *,
    owns_gateway: bool = False,
    ending: Callable[[], str] | None = None,
    memory_file: Path | None = None,
) -> int:
    """Runs until the person leaves; the exit code of the process.

    ``ending`` says how the gateway's process ended, for one that was started for this terminal;
    ``memory_file`` keeps the state of the view from one start to the next.
    """
    app = LlmgateApp(
        url,
        token,
        owns_gateway=owns_gateway,
        ending=ending,
        memory_file=memory_file,
        usual_theme=themes.usual(os.environ),
        alone=True,
    )
    app.run()
    return app.return_code or 0
