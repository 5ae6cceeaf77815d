"""`llmgate tui`: which addresses it takes, before anything is opened."""

import argparse
from pathlib import Path

import pytest

from llmgate.commands.tui import _address, run
from llmgate.errors import StartupProblem


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("127.0.0.1:8484", "http://127.0.0.1:8484"),
        ("http://localhost:8484/", "http://localhost:8484"),
        ("https://gate.example", "https://gate.example"),
        ("http://[::1]:8484", "http://[::1]:8484"),
    ],
)
def test_an_address_may_leave_out_what_is_obvious(given: str, address: str) -> None:
    assert _address(given) == address


@pytest.mark.parametrize(
    "given",
    ["http://127.0.0.1:99999", "http://x:port", "ftp://x", "http://x/v1", "http://", "http://u@x"],
)
def test_what_is_no_gateway_address_is_refused_with_its_text(given: str) -> None:
    with pytest.raises(StartupProblem, match="is not the address of a gateway"):
        _address(given)


def test_a_missing_token_names_the_file_and_the_way(tmp_path: Path) -> None:
    args = argparse.Namespace(url="127.0.0.1:8484", data_dir=str(tmp_path))
    with pytest.raises(StartupProblem, match="admin-token: start a gateway with `llmgate up`"):
        run(args)
