"""Edits by hand-made examples: what is written, what stays, what is refused."""

from math import nan

import pytest

from llmgate.config.edit.apply import EditProblem, apply, plain
from llmgate.wire.editing import Edit, Insert, Move, Remove, Rename, Set

CASES: list[tuple[str, list[Edit], str]] = [
    ("a: 1 # c\n", [Set(["a"], 2)], "a: 2 # c\n"),
    ('a: "x"\n', [Set(["a"], "y")], 'a: "y"\n'),
    ("a: 'x'\n", [Set(["a"], "it's")], "a: 'it''s'\n"),
    ("a: 'x'\n", [Set(["a"], "two\nlines")], 'a: "two\\nlines"\n'),
    ("a: x\n", [Set(["a"], "no")], 'a: "no"\n'),
    ("a: {b: x}\n", [Set(["a", "b"], "${V}")], 'a: {b: "${V}"}\n'),
    ("a: &n x # c\nb: 1\n", [Set(["a"], "y")], 'a: &n "y" # c\nb: 1\n'),
    ("a: &n x\nb: *n\n", [Set(["b"], "y")], 'a: &n x\nb: "y"\n'),
    (
        "a: &n {x: 1}\nb:\n  <<: *n\n  y: 2\n",
        [Set(["b", "x"], 2)],
        "a: &n {x: 1}\nb:\n  <<: *n\n  y: 2\n  x: 2\n",
    ),
    ("a: &n {x: 1}\nb:\n  <<: *n\n  y: 2\n", [Remove(["b", "y"])], "a: &n {x: 1}\nb:\n  <<: *n\n"),
    ("a: |\n  one\n  two\nb: 1\n", [Set(["a"], "three\nfour\n")], "a: |\n  three\n  four\nb: 1\n"),
    ("a: | # c\n  one\n\nb: 1\n", [Set(["a"], "short")], "a: |- # c\n  short\n\nb: 1\n"),
    (
        "a: >\n  one\n  two\n\nb: 1\n",
        [Set(["a"], "three\nfour\n")],
        "a: >\n  three\n\n  four\n\nb: 1\n",
    ),
    ("a: one\n  two # c\nb: 1\n", [Set(["a"], "x")], "a: x # c\nb: 1\n"),
    ("a: old # c\n", [Set(["a"], "x\ny")], "a: |- # c\n  x\n  y\n"),
    (
        "routes:\nb: 1\n",
        [Set(["routes", "x"], {"targets": [{"provider": "a"}]})],
        "routes:\n  x:\n    targets:\n      - {provider: a}\nb: 1\n",
    ),
    (
        "routes: {}\nb: 1\n",
        [Set(["routes", "x", "targets"], [])],
        "routes:\n  x:\n    targets: []\nb: 1\n",
    ),
    ("routes: [] # c\n", [Set(["routes", 0], "a")], "routes: [a] # c\n"),
    (
        "a:\n  - x\n  # c\n  - y # d\n  - z\n",
        [Move(["a", 1], 0)],
        "a:\n  # c\n  - y # d\n  - x\n  - z\n",
    ),
    ("a:\n  - x\n  # c\n  - y # d\n  - z\n", [Remove(["a", 1])], "a:\n  - x\n  - z\n"),
    ("a:\n- k: 1\n  l: 2\n- k: 3\n", [Move(["a", 0, "l"], 0)], "a:\n- l: 2\n  k: 1\n- k: 3\n"),
    (
        "a:\n- k: 1\n  # about l\n  l: 2\n- k: 3\n",
        [Move(["a", 0, "l"], 0)],
        "a:\n-\n  # about l\n  l: 2\n  k: 1\n- k: 3\n",
    ),
    (
        "a:\n- k: 1\n  # about l\n  l: 2\n- k: 3\n",
        [Remove(["a", 0, "k"])],
        "a:\n-\n  # about l\n  l: 2\n- k: 3\n",
    ),
    ("a:\n- k: 1\n  l: 2\n- k: 3\n", [Remove(["a", 0, "k"])], "a:\n- l: 2\n- k: 3\n"),
    ("a:\n- k: 1\n  l: 2\n", [Remove(["a", 0])], "a: []\n"),
    (
        "a:\n  b: 1\n\n  # kept\n\n  # gone\n  c: 2\n\nd: 1\n",
        [Remove(["a", "c"])],
        "a:\n  b: 1\n\n  # kept\n\nd: 1\n",
    ),
    ("a: [x, y, z]\n", [Remove(["a", 1])], "a: [x, z]\n"),
    ("a: [x, y, z]\n", [Remove(["a", 2])], "a: [x, y]\n"),
    ("a: [x, y,]\n", [Remove(["a", 1])], "a: [x,]\n"),
    ("a: [ x ]\n", [Remove(["a", 0])], "a: []\n"),
    ("a: [x, y]\n", [Move(["a", 1], 0)], "a: [y, x]\n"),
    ("a: [x, y]\n", [Insert(["a"], 2, "z")], "a: [x, y, z]\n"),
    ("a: [x, y]\n", [Insert(["a"], 0, "z")], "a: [z, x, y]\n"),
    ("a: {b: 1}\n", [Set(["a", "c"], [1, 2])], "a: {b: 1, c: [1, 2]}\n"),
    ("a: {b, c: 1}\n", [Set(["a", "b"], 1)], "a: {b: 1, c: 1}\n"),
    ("a: [\n  x, # c\n  # d\n  y\n]\n", [Move(["a", 1], 0)], "a: [\n  # d\n  y,\n  x # c\n]\n"),
    ("a: [\n  x, # c\n  # d\n  y\n]\n", [Remove(["a", 1])], "a: [\n  x # c\n]\n"),
    (
        "a: [\n  x, # c\n  # d\n  y # e\n]\n",
        [Insert(["a"], 2, "z")],
        "a: [\n  x, # c\n  # d\n  y, # e\n  z\n]\n",
    ),
    ("a: 1\r\nb: 2", [Set(["c"], 3)], "a: 1\r\nb: 2\r\nc: 3"),
    ("a: 1\r\nb: 2", [Remove(["b"])], "a: 1"),
    ("a:\n  b: 1 # c\n", [Remove(["a", "b"])], "a: {}\n"),
    ("a:\n  - b: 1 # c\n", [Remove(["a", 0, "b"])], "a:\n  - {}\n"),
    ("a: !!str 5 # c\n", [Set(["a"], 6)], "a: 6 # c\n"),
    ("a: x\n", [Set(["a"], {"b": 1, "c": "${D}"})], "a:\n  b: 1\n  c: ${D}\n"),
    (
        "a:\n- x # c\n- y\n",
        [Set(["a", 0], {"b": 1, "c": [1, {"d": "e"}]})],
        "a:\n- b: 1 # c\n  c:\n  - 1\n  - {d: e}\n- y\n",
    ),
    ("a:\n  b: 1\n  c: 2\n", [Set(["a"], [1, 2])], "a: [1, 2]\n"),
    ("a:\n  b: 1\n  c: 2\n", [Set(["a"], {"c": 3, "d": 4})], "a:\n  c: 3\n  d: 4\n"),
    (
        "a:\n  - 1 # one\n  - 2 # two\n  - 3 # three\n",
        [Set(["a"], [1, 3])],
        "a:\n  - 1 # one\n  - 3 # three\n",
    ),
    ("a:\n  b: 1\n", [Set(["a"], None)], "a: null\n"),
    ("a:\n  b: 1\n", [Rename(["a", "b"], "c: d")], 'a:\n  "c: d": 1\n'),
    ("# only\n# comments", [Set(["a"], 2)], "# only\n# comments\n\na: 2"),
    ("{}\n", [Set(["a"], 2)], "a: 2\n"),
    ("{a: 1}\n", [Set(["b"], 2)], "{a: 1, b: 2}\n"),
    ('a:\n  "q": 1\n', [Rename(["a", "q"], "r")], 'a:\n  "r": 1\n'),
    ("a: 64\n", [Set(["a"], 64.0)], "a: 64\n"),
    ("a: 64.0\n", [Set(["a"], 64)], "a: 64\n"),
    ("x:\n  a: 1\n\n  b: 2\n", [Move(["x", "b"], 0)], "x:\n  b: 2\n\n  a: 1\n"),
    ("x:\n  a: 1\n  b: 2", [Move(["x", "b"], 0)], "x:\n  b: 2\n  a: 1"),
    ("x:\n  a: 1\n  b: 2", [Move(["x", "a"], 1)], "x:\n  b: 2\n  a: 1"),
    ("a: 4\n", [Set(["a"], 5.0)], "a: 5\n"),
    ("a: [1]\n", [Insert(["a"], 0, 5.0)], "a: [5, 1]\n"),
    ("a:\n  - 1\n", [Set(["a", 1], "2")], 'a:\n  - 1\n  - "2"\n'),
    ("a:\n  - 1\n", [Insert(["b"], 0, "x")], "a:\n  - 1\n\nb: [x]\n"),
    ("a: yes it is\n", [Set(["a"], "\x1b[31m\u2028")], 'a: "\\x1b[31m\\u2028"\n'),
    ('a: "x"\n', [Set(["a"], 'say "so"\\')], 'a: "say \\"so\\"\\\\"\n'),
    ("a: 'x'\nb: 'y'\n", [Set(["c"], "12")], "a: 'x'\nb: 'y'\nc: '12'\n"),
    ("--- {}\n", [Set(["a"], 1)], "--- {a: 1}\n"),
    ("---\n# c\n...\n", [Set(["a"], {"b": 1})], "---\n# c\n\na:\n  b: 1\n...\n"),
    ("a: 1\n", [Set(["b"], "x\ny\n"), Rename(["a"], "z"), Remove(["b"])], "z: 1\n"),
    ("a: 1\n", [Set([], {"a": 2, "b": 3})], "a: 2\n\nb: 3\n"),
    (
        "t:\n  x: {a: 1, b: 2}\n  y: {a: 1}\n",
        [Set(["t", "z"], {"a": 3})],
        "t:\n  x: {a: 1, b: 2}\n  y: {a: 1}\n  z: {a: 3}\n",
    ),
    (
        "t:\n    x:\n        a: 1\n    l:\n    - 1\n",
        [Set(["t", "z"], {"a": {"b": [{"c": "${D}"}]}})],
        "t:\n    x:\n        a: 1\n    l:\n    - 1\n"
        "    z:\n        a:\n            b:\n            - c: ${D}\n",
    ),
    ("a: 1\n", [Rename(["a"], "b")], "b: 1\n"),
]

REFUSED: list[tuple[str, list[Edit], str]] = [
    (
        "a: &n x\nb: *n\n",
        [Set(["a"], "y")],
        "a: `&n` is used in line 2 too: edit the file by hand (line 1)",
    ),
    (
        "a: &n x\nb: *n\n",
        [Remove(["a"])],
        "a: `&n` is used in line 2 too: edit the file by hand (line 1)",
    ),
    (
        "a: &n {x: 1}\nb: *n\n",
        [Set(["b", "x"], 2)],
        "b: this stands for `&n` in line 1: edit the file by hand, there (line 2)",
    ),
    (
        "a: &n {x: 1}\nb:\n  <<: *n\n  y: 2\n",
        [Remove(["b", "x"])],
        "b.x: this comes from line 1 through `<<`: edit the file by hand, there (line 1)",
    ),
    (
        "? a\n: 1\n",
        [Set(["a"], 2)],
        "a: its fields are not written as `name: value` lines: edit the file by hand (line 1)",
    ),
    ("- 1\n", [Set(["a"], 1)], "a: the list has 1 items: there is no item a"),
    ("a: 1\na: 2\n", [Set(["a"], 2)], "`a` is written twice: it is in line 1 already (line 2)"),
    ("a: 1\n---\nb: 1\n", [Set(["a"], 2)], "only one document is read: remove this `---` (line 2)"),
    ("a: [\n", [Set(["a"], 2)], "this is not YAML: did not find expected node content (line 2)"),
    ("a: 1\n", [Remove(["b", "c"])], "b: there is no such thing in the file"),
    ("a: 1\n", [Set(["a", "b"], 1)], "a: there is a single value here, which holds no fields"),
    ("a: []\n", [Set(["a", 1], 1)], "a[1]: the list has 0 items: there is no item 1"),
    ("a: 1\n", [Set(["a"], nan)], "a: the number must be finite"),
    ("a: 1\n", [Remove([])], "name what to change: the path is empty"),
    ("a: 1\n", [Set(["a"], 1000000000000000000)], "a: the number has more than 18 digits"),
    ("a: 1\n", [Set(["a"], "\ud800")], "a: the text holds half a character (a lone surrogate)"),
    ("a: 1\n", [Set(["a"], {"b": b"x"})], "a: a value cannot be a bytes"),
    ("a: 1\nb: 2\n", [Rename(["a"], "b")], "a: `b` is there already"),
    ("a: [1]\n", [Rename(["a", 0], "b")], "a[0]: items of a list have no name"),
    ("a: [1]\n", [Move(["a", 0], 1)], "a[0]: there is no place 1: places are 0 to 0"),
    ("a: [1]\n", [Insert(["a"], 2, 1)], "a: there is no place 2: places are 0 to 1"),
    ("a: 1\n", [Insert(["a"], 0, 1)], "a: there is no list here"),
    ("a: *x\n", [Set(["a"], 1)], "no anchor `&x` is written before this (line 1)"),
    (
        "a: &x [1]\nb: *x\n",
        [Insert(["b"], 0, 1)],
        "b: this stands for `&x` in line 1: edit the file by hand, there (line 2)",
    ),
    (
        "[a: 1]\n",
        [Set([0, "a"], 2)],
        "[0].a: its fields are not written as `name: value` lines: edit the file by hand (line 1)",
    ),
    (
        "a: [b: 1]\n",
        [Set(["a", 0, "b"], 2)],
        "a[0].b: its fields are not written as `name: value` lines: edit the file by hand (line 1)",
    ),
    (
        "a: {? b : 1}\n",
        [Remove(["a", "b"])],
        "a.b: its fields are not written as `name: value` lines: edit the file by hand (line 1)",
    ),
]


@pytest.mark.parametrize(("before", "edits", "after"), CASES)
def test_an_edit_writes_just_this(before: str, edits: list[Edit], after: str) -> None:
    assert apply(before, edits) == after


@pytest.mark.parametrize(("before", "edits", "message"), REFUSED)
def test_an_edit_that_cannot_be_made_says_why(before: str, edits: list[Edit], message: str) -> None:
    with pytest.raises(EditProblem) as problem:
        apply(before, edits)

    assert str(problem.value) == message


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (Remove(["b", "x"]), "b.x: what it has by an alias"),
        (Set(["b"], {"x": 3}), "b: what it has by an alias"),
        (Move(["b"], 0), "b: what it has by an alias"),
        (Set(["a", "y"], 3), "a.y: `&n` is used in line 3 too"),
        (Rename(["a", "x"], "z"), "a.x: `&n` is used in line 3 too"),
    ],
)
def test_what_would_change_through_an_alias_is_refused(edit: Edit, message: str) -> None:
    text = "a: &n {x: 1, y: 2}\nb:\n  <<: *n\n  x: 2\n"

    with pytest.raises(EditProblem) as problem:
        apply(text, [edit])

    assert problem.value.message.startswith(message)


def test_a_block_of_text_does_not_swallow_the_comment_below() -> None:
    text = "a:\n- x\n    # further in\n- y\n"

    assert apply(text, [Set(["a", 0], "two\nlines")]) == text.replace("x", '"two\\nlines"')


def test_a_problem_knows_its_path_and_its_line() -> None:
    with pytest.raises(EditProblem) as problem:
        apply("a: &n {x: 1}\nb: *n\n", [Set(["b", "x"], 2)])

    assert (problem.value.path, problem.value.line) == ("b", 2)


def test_either_all_edits_are_made_or_none() -> None:
    with pytest.raises(EditProblem, match=r"b: there is no such thing"):
        apply("a: 1\n", [Set(["a"], 2), Remove(["b"])])


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 60 + "]" * 60,
        "x" * 1_000_001,
        "a: [" + "1, " * 100_001 + "1]",
        "a: &a [1, 2]\nb: [" + "*a, " * 101 + "]",
        "a0: &a0 ["
        + "1, " * 10
        + "]\n"
        + "".join(f"a{n}: &a{n} [" + f"*a{n - 1}, " * 10 + "]\n" for n in range(1, 10)),
        "a: \ud800",
        "a: \x00",
        "{a: 1}: 2",
    ],
    ids=["deep", "large", "many", "aliases", "bomb", "surrogate", "control", "complex"],
)
def test_texts_that_are_no_config_files_are_refused(text: str) -> None:
    with pytest.raises(EditProblem):
        plain(text)


def test_a_hundred_edits_of_a_large_file_keep_all_its_other_lines() -> None:
    before = "".join(f"p{n}:\n  # about {n}\n  weight: {n}  # here\n" for n in range(200))
    after = apply(before, [Set([f"p{n}", "weight"], -1) for n in range(100)])

    assert after == "".join(
        f"p{n}:\n  # about {n}\n  weight: {-1 if n < 100 else n}  # here\n" for n in range(200)
    )
