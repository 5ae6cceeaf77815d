"""What linters cannot say: what an import may load, what documents promise, how files are."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from llmgate import errors
from llmgate.cli import COMMANDS
from llmgate.config.load import from_text
from llmgate.errors import CallError, LlmgateError, UpstreamFault, upstream_error_type

ROOT = Path(__file__).parents[1]
SOURCES = sorted([*(ROOT / "llmgate").rglob("*.py"), *(ROOT / "tui").rglob("*.py")])
TESTS = sorted(
    file for file in (ROOT / "tests").rglob("*.py") if "sleep" in file.read_text("utf-8")
)
SERVER = {"litestar", "uvicorn", "aiosqlite", "watchfiles", "prometheus_client", "textual", "httpx"}


def loaded_by(statement: str) -> set[str]:
    """The top-level packages that are loaded once a fresh interpreter has run the statement."""
    code = f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'tui')!r}]; {statement}"
    code += "; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        ("import llmgate.cli", SERVER | {"asyncio", "msgspec", "yaml", "llmgate_tui"}),
        ("import llmgate.commands.up", SERVER | {"llmgate_tui"}),
        ("import llmgate.commands.tui", SERVER | {"llmgate_tui"}),
        ("import llmgate.commands.up_terminal", SERVER | {"llmgate_tui"}),
        ("import llmgate.commands.up_gateway", {"textual", "httpx", "llmgate_tui"}),
        ("import llmgate_tui.main", {"litestar", "uvicorn", "aiosqlite", "prometheus_client"}),
        ("import llmgate.wire.feed, llmgate.formats.catalog", SERVER | {"asyncio", "yaml"}),
    ],
)
def test_an_import_loads_no_more_than_it_needs(statement: str, unwanted: set[str]) -> None:
    assert loaded_by(statement) & unwanted == set()


def test_every_command_of_the_table_has_a_module_that_can_run() -> None:
    modules = {path.stem for path in (ROOT / "llmgate" / "commands").glob("*.py")}

    assert set(COMMANDS) <= modules


def test_the_example_config_loads_without_a_warning() -> None:
    text = (ROOT / "config.example.yaml").read_text("utf-8")
    variables = dict.fromkeys(re.findall(r"\$\{(\w+)", text), "a-value-of-the-tests")
    snapshot = from_text(text, "config.example.yaml", variables)

    assert snapshot.config.providers
    assert snapshot.config.routes
    assert snapshot.warnings == ()


def test_no_source_file_is_longer_than_400_lines() -> None:
    lengths = {file: file.read_text("utf-8").count("\n") for file in SOURCES}

    assert [str(file.relative_to(ROOT)) for file, n in lengths.items() if n > 400] == []


def test_every_source_file_opens_with_a_sentence() -> None:
    documented = {file: ast.get_docstring(ast.parse(file.read_text("utf-8"))) for file in SOURCES}
    without = [
        str(file.relative_to(ROOT))
        for file, text in documented.items()
        if not text or not text.split("\n\n")[0].rstrip().endswith((".", ":", "?", ")"))
    ]

    assert without == []


# Loops that wait for another process, and measurements: named here once instead of at each line.
WAITERS = {"support/gateway.py", "tui/bench_traffic.py", "store/measure_writer.py"}


def sleeps(file: Path) -> Iterator[str]:
    """The sleeps in a file that no comment allows; ``sleep(0)`` only lets the others run."""
    text = file.read_text("utf-8")
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"asyncio.sleep", "time.sleep"}:
            nothing = ast.unparse(node.args[0]) == "0"
            if not nothing and "allow sleep:" not in lines[node.lineno - 1]:
                yield f"{file.relative_to(ROOT)}:{node.lineno}"


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.stem)
def test_no_test_sleeps_without_saying_why(file: Path) -> None:
    if str(file.relative_to(ROOT / "tests")) in WAITERS:
        return
    assert list(sleeps(file)) == []


def call_errors() -> list[type[CallError]]:
    """Every class of error that a caller can be answered with."""
    found: list[type[CallError]] = []
    waiting = [CallError]
    while waiting:
        found.append(one := waiting.pop())
        waiting += one.__subclasses__()
    return found


ABSTRACT = {CallError, UpstreamFault}  # only their children are raised


def test_every_error_is_drawn_in_the_tree_with_its_status_and_its_type() -> None:
    drawn = dict[str, tuple[str, str]]()
    for line in (errors.__doc__ or "").splitlines():
        if found := re.search(r"── (\w+) +(\d{3})  (\w+)$", line):
            drawn[found[1]] = (found[2], found[3])

    assert drawn == {
        one.__name__: (str(one.status), one.error_type)
        for one in call_errors()
        if one not in ABSTRACT
    }


def test_no_two_errors_share_a_type() -> None:
    types = [one.error_type for one in call_errors() if one not in ABSTRACT]

    assert len(set(types)) == len(types)


def test_every_type_of_error_is_one_of_the_closed_set() -> None:
    known = set(errors.ErrorType.__args__)  # type: ignore[attr-defined] # a Literal

    assert {one.error_type for one in call_errors()} <= known
    assert {upstream_error_type(status) for status in range(400, 1000)} <= known


def test_each_type_of_error_says_whose_fault_it_is() -> None:
    sides = {kind.partition("_")[0] for kind in errors.ErrorType.__args__}  # type: ignore[attr-defined] # as above

    assert sides == {"caller", "policy", "gateway", "upstream"}


def test_errors_of_our_own_have_one_root() -> None:
    ours = [thing for thing in vars(errors).values() if isinstance(thing, type)]

    assert all(issubclass(t, LlmgateError) for t in ours if issubclass(t, Exception))


FOREIGN = {
    "OSError",
    "TimeoutError",
    "ssl.SSLError",
    "httptools.HttpParserError",
    "httptools.HttpParserUpgrade",
}


def test_every_foreign_exception_of_a_connection_becomes_a_fault_of_ours() -> None:
    seen = set[str]()
    for name in ("client", "connection"):
        tree = ast.parse((ROOT / "llmgate" / "upstream" / f"{name}.py").read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler) and node.type is not None:
                named = set(re.findall(r"[\w.]+", ast.unparse(node.type))) & FOREIGN
                seen |= named
                assert not named or "Upstream" in ast.unparse(node), ast.unparse(node)

    assert seen == FOREIGN
