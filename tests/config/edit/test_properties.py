"""Random edits of files as people write them: what was meant, and nothing else, is changed."""

import os
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from llmgate.config.edit.apply import EditProblem, apply, plain
from llmgate.config.edit.scalars import plain_is_safe
from llmgate.config.load import decode
from llmgate.config.nodes import Node, parse, scalar
from llmgate.config.problems import Problems
from llmgate.wire.editing import Edit, Insert, Move, Remove, Rename, Set
from tests.config.edit.touched import lines_kept

HERE = Path(__file__).parent
SOURCES = [*sorted((HERE / "files").glob("*.yaml")), HERE.parents[2] / "config.example.yaml"]
FILES = {file.name: decode(file.read_bytes(), file.name) for file in SOURCES}
EXAMPLES = int(os.environ.get("LLMGATE_EDIT_EXAMPLES", "1000"))
MANY = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None
)


def read(text: str) -> Any:
    """What the gateway's own reader makes of a text."""
    problems = Problems("config.yaml")
    node = parse(text, problems)
    assert not problems.found, [str(problem) for problem in problems.found]
    return python(node)


def python(node: Node | None) -> Any:
    if node is None:
        return None
    if node.fields is not None:
        return {name: python(value) for name, value in node.fields.items()}
    if node.items is not None:
        return [python(item) for item in node.items]
    assert node.text is not None
    return scalar(node.text, node.plain)


def paths(value: Any, before: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every path of a plain value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (*before, name)
            yield from paths(inner, (*before, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield (*before, index)
            yield from paths(inner, (*before, index))


def at(value: Any, path: Any) -> Any:
    for step in path:
        value = value[step]
    return value


def meant(value: Any, edit: Edit) -> Any:
    """The edit on the plain value, in as few words as Python has for it."""
    value = deepcopy(value)
    *way, last = edit.path
    parent: Any = value
    for step in way:
        parent[step] = {} if parent[step] is None else parent[step]
        parent = parent[step]
    match edit:
        case Set(value=new):
            parent[last] = new
        case Remove():
            del parent[last]
        case Insert(index=index, value=new):
            items = parent[last] or []
            parent[last] = [*items[:index], new, *items[index:]]
        case Rename(to=to):
            refill(parent, [(to if k == last else k, v) for k, v in parent.items()])
        case Move(to=to):
            move(parent, last, to)
    return value


def move(parent: Any, last: Any, to: int) -> None:
    if isinstance(parent, list):
        parent.insert(to, parent.pop(last))
        return
    items = [item for item in parent.items() if item[0] != last]
    refill(parent, [*items[:to], (last, parent[last]), *items[to:]])


def refill(fields: dict[str, Any], items: list[tuple[str, Any]]) -> None:
    fields.clear()
    fields.update(items)


_WORDS = """openai gpt-* * yes NO null ~ 12 1.5 0x1f 1_000 2024-01-01 12:30 ${VAR} ${A:-b} #x - &a
    *a !b {a} [b] a,b it's back\\slash http://h:1/v1 /re(.*)/ é %a @b `c` : a: = << . ... --- .inf
    -5 +1 1e5 0o7 | > 日本"""
_ODD = ["", "a: b", "a #b", "- a", "? x", 'say "so"', "two\nlines", "ends\n", "  lead", "trail "]
_ODDER = ["tab\there", "\x07bell", "\u2028", "a\n\nb\n", "\n", "x\r\ny", "true ", "word " * 40]
TEXTS = st.sampled_from([*_WORDS.split(), *_ODD, *_ODDER])
SCALARS = (
    TEXTS
    | st.text(max_size=12).filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text))
    | st.none()
    | st.booleans()
    | st.integers(-(10**6), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
)
NAMES = TEXTS.filter(lambda text: len(text) < 60)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)


@st.composite
def edits(draw: st.DrawFn, value: Any) -> Edit:
    """One edit that a plain value allows."""
    every = list(paths(value))
    path = draw(st.sampled_from(every))
    here, parent = at(value, path), at(value, path[:-1])
    possible: list[st.SearchStrategy[Edit]] = [
        st.builds(Set, st.just([*path]), VALUES),
        st.just(Remove([*path])),
        st.builds(Move, st.just([*path]), st.integers(0, len(parent) - 1)),
    ]
    if isinstance(parent, dict):
        others = NAMES.filter(lambda name: name not in parent)
        possible.append(st.builds(Rename, st.just([*path]), others))
    if isinstance(here, dict):
        possible.append(st.builds(Set, NAMES.map(lambda name: [*path, name]), VALUES))
    if isinstance(here, list):
        possible.append(st.builds(Insert, st.just([*path]), st.integers(0, len(here)), VALUES))
    if isinstance(here, dict | list):
        possible.append(st.builds(Set, st.just([*path]), tweaked(here)))
    return draw(st.one_of(possible))


@st.composite
def tweaked(draw: st.DrawFn, value: Any) -> Any:
    """A value with a few of its leaves changed, as a form gives it back."""
    value = deepcopy(value)
    for _ in range(draw(st.integers(1, 3))):
        if every := list(paths(value)):
            path = draw(st.sampled_from(every))
            parent = at(value, path[:-1])
            if draw(st.booleans()):
                parent[path[-1]] = draw(SCALARS)
            else:
                del parent[path[-1]]
    return value


@MANY
@given(data=st.data(), name=st.sampled_from(sorted(FILES)))
def test_an_edit_changes_what_was_meant_and_no_other_line(data: st.DataObject, name: str) -> None:
    before = FILES[name]
    value = read(before)
    edit = data.draw(edits(value))
    try:
        after = apply(before, [edit])
    except EditProblem as problem:
        event(f"refused: {problem.message}")
        return
    wanted = meant(value, edit)
    assert read(after) == wanted
    if not isinstance(edit, Set) and "<<" not in before:
        assert order(read(after)) == order(wanted)
    if value != wanted:
        assert lines_kept(before, after, edit) == ""
    assert ends(after) <= ends(before)
    assert after.endswith("\n") == before.endswith("\n")


def order(value: Any) -> Any:
    if isinstance(value, dict):
        return [(name, order(inner)) for name, inner in value.items()]
    return [order(item) for item in value] if isinstance(value, list) else value


def ends(text: str) -> set[str]:
    return {
        "\r\n" if line.endswith("\r\n") else "\n" for line in text.splitlines(True) if "\n" in line
    }


@settings(MANY, max_examples=EXAMPLES // 6)
@given(data=st.data(), name=st.sampled_from(sorted(FILES)))
def test_edits_one_after_the_other_are_edits_at_once(data: st.DataObject, name: str) -> None:
    text, value, made = FILES[name], read(FILES[name]), list[Edit]()
    for _ in range(data.draw(st.integers(1, 6))):
        if not isinstance(value, dict) or not value:
            break
        edit = data.draw(edits(value))
        try:
            text = apply(text, [edit])
        except EditProblem:
            continue
        made.append(edit)
        assert read(text) == meant(value, edit)
        value = read(text)

    assert apply(FILES[name], made) == text


def leaves() -> Iterator[tuple[str, tuple[str | int, ...]]]:
    for name, text in FILES.items():
        value = plain(text)
        for path in paths(value):
            yield name, path


def refusals(edit_of: Any) -> tuple[Counter[str], int]:
    """How many edits are refused in each file, of how many in all."""
    refused, total = Counter[str](), 0
    for name, path in leaves():
        for edit in edit_of(plain(FILES[name]), path):
            total += 1
            try:
                apply(FILES[name], [edit])
            except EditProblem:
                refused[name] += 1
    return refused, total


def ordinary(value: Any, path: tuple[str | int, ...]) -> Iterator[Edit]:
    here, parent = at(value, path), at(value, path[:-1])
    yield Remove(list(path))
    yield Move(list(path), len(parent) - 1)
    yield Move(list(path), 0)
    if isinstance(parent, dict):
        yield Rename(list(path), "another")
    if isinstance(here, dict):
        yield Set([*path, "added"], {"a": 1, "b": [1, 2]})
        yield Set([*path, "more", "inside"], "text")
    elif isinstance(here, list):
        yield Insert(list(path), 0, {"provider": "new", "weight": 2})
        yield Insert(list(path), len(here), "${NEW}")
    else:
        yield Set(list(path), 5)
        yield Set(list(path), "other text")


def test_ordinary_edits_are_hardly_ever_refused() -> None:
    refused, total = refusals(ordinary)

    assert total > 1_000
    assert refused.total() / total <= 0.05
    assert set(refused) <= {"anchors.yaml"}  # only what several places share


def test_a_value_set_to_what_it_is_changes_nothing() -> None:
    for name, path in leaves():
        here = at(plain(FILES[name]), path)

        assert apply(FILES[name], [Set(list(path), here)]) == FILES[name], (name, path)


def test_a_text_set_and_set_back_is_the_old_text_byte_for_byte() -> None:
    done = 0
    for name, path in leaves():
        before = FILES[name]
        here = at(plain(before), path)
        if not isinstance(here, str) or "\n" in here or not plain_is_safe(here, flow=True):
            continue
        try:
            changed = apply(before, [Set(list(path), "something")])
        except EditProblem:
            continue
        back = apply(changed, [Set(list(path), here)])
        several_lines = "x-" in str(path[-1]) or path[-1] == "file"
        if not several_lines and "second" not in path and here.isascii():  # nor merged, nor escaped
            assert back == before, (name, path)
            done += changed != before

    assert done > 80
