"""Writes the recordings: `python recordings/make.py`, `--to FOLDER` for another folder."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from authoring import (  # noqa: E402
    chat,
    chat_others,
    chat_tools,
    chat_troubles,
    messages,
    messages_tools,
    responses,
    small,
)
from authoring.draft import Draft  # noqa: E402

from llmgate.recording.format import SUFFIX, write  # noqa: E402

MODULES = (
    chat,
    chat_others,
    chat_tools,
    chat_troubles,
    messages,
    messages_tools,
    responses,
    small,
)


def drafts() -> Iterator[Draft]:
    """Gives all of them."""
    for module in MODULES:
        yield from module.drafts()


def main() -> None:
    """Writes the files and removes those that are no longer made."""
    parser = argparse.ArgumentParser(description="Write the recordings of this folder.")
    parser.add_argument("--to", type=Path, default=HERE, help="the folder to write to")
    folder: Path = parser.parse_args().to
    made = {draft.file + SUFFIX: write(draft.finished()) for draft in drafts()}
    for path in folder.glob("*" + SUFFIX):
        if path.name not in made:
            path.unlink()
    for name, data in made.items():
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
