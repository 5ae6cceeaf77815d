"""What the README says is so."""

import re
from pathlib import Path

from llmgate.cli import help_text
from llmgate.config.load import from_text

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The code blocks of a language, without their fences."""
    return re.findall(rf"^```{language}\n(.*?)\n```$", README, re.DOTALL | re.MULTILINE)


def test_the_help_block_is_what_the_command_prints() -> None:
    assert help_text() in blocks("")


def test_ci_runs_the_readmes_second_line() -> None:
    line = blocks("sh")[1]

    assert line.endswith("pytest -n 2")
    assert f"\n  {line}\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_every_file_and_folder_it_names_is_there() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    folders = re.findall(r"`((?:llmgate|tui)/[\w./]*)`", README)

    assert len(links) > 5
    assert len(folders) > 8
    assert [name for name in (*links, *folders) if not (ROOT / name).exists()] == []


def test_the_picture_is_near_the_top_and_the_first_command_soon_after() -> None:
    lines = README.splitlines()

    assert next(n for n, line in enumerate(lines) if line.startswith("![")) < 10
    assert next(n for n, line in enumerate(lines) if line.startswith("```")) < 14


def test_its_configs_load() -> None:
    environ = {"OPENAI_API_KEY": "sk-1", "ANTHROPIC_API_KEY": "sk-2", "COMPANY_KEY": "sk-3"}
    configs = [from_text(text, "config.yaml", environ).config for text in blocks("yaml")]

    assert [list(config.providers) for config in configs] == [
        ["openai", "anthropic", "local"],
        ["company"],
    ]
