"""Whoever reads what a command prints may go away (`| head`): that is no error."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def may_leave() -> Iterator[None]:
    """What is printed inside is dropped from the moment on at which nobody reads it any more."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        forget()


def forget() -> None:
    """Drops what is still buffered: it would fail once more when the interpreter ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
