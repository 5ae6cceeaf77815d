"""`check` names every way in which a recording can be wrong, and lets the right ones pass."""

import base64
import random
import string

import msgspec
import pytest

from llmgate.recording.checking import Finding, check
from llmgate.recording.entropy import looks_random
from llmgate.recording.format import Recording, write
from llmgate.recording.library import Library, shipped_folder
from llmgate.recording.recording import Recording as Kept
from llmgate.recording.rules import Rules

SHIPPED = {it.name.partition(".")[0]: it for it in Library(shipped_folder()).recordings}
HELLO = SHIPPED["chat-50-hello"]
STREAM = SHIPPED["chat-10-stream-hello"]
CUT = SHIPPED["chat-31-stream-cut"]


def found(recording: Recording, **changes: object) -> list[Finding]:
    changed: Kept = msgspec.structs.replace(recording, **changes)
    return check(write(changed), "it", Rules())


@pytest.mark.parametrize("name", SHIPPED)
def test_what_is_shipped_is_right_to_the_last_warning(name: str) -> None:
    assert found(SHIPPED[name]) == []


@pytest.mark.parametrize(
    ("recording", "changes", "what"),
    [
        (HELLO, {"text": "other"}, "`text` is not what"),
        (HELLO, {"finish": "length"}, "`finish` is not what"),
        (HELLO, {"usage": HELLO.usage.__class__(in_=1)}, "`usage` is not what"),
        (HELLO, {"tool_calls": SHIPPED["chat-60-tool-city"].tool_calls}, "`tool_calls` is not"),
        (HELLO, {"error": "invented"}, "`error` is not what"),
        (HELLO, {"how": "length"}, "`how` is length"),
        (HELLO, {"id": "rec_0000000000000000"}, "its request makes rec_"),
        (HELLO, {"model": "another"}, "`model` is not the one"),
        (HELLO, {"total_us": 1}, "the whole 1"),
        (HELLO, {"scrub": None}, "unscrubbed"),
        (HELLO, {"made_up": False}, "nothing says that it was scrubbed"),
        (CUT, {"how": "eof", "error": None}, "stops before its end"),
        (STREAM, {"chunks": STREAM.chunks[:-3], "us": STREAM.us[:-3]}, "is not what"),
        (HELLO, {"title": "my sk-ant-api03-AbCdEfGh_12-34"}, "a secret (key:anthropic)"),
        (HELLO, {"note": "ghp_abcdefghij0123456789"}, "a secret (token:github)"),
        (
            HELLO,
            {"unknown_lines": {1: b'{"k":"later","x":"AKIAIOSFODNN7EXAMPLE"}'}},
            "a secret (key:aws)",
        ),
    ],
)
def test_what_is_wrong_is_named(
    recording: Recording, changes: dict[str, object], what: str
) -> None:
    problems = [it for it in found(recording, **changes) if it.level == "error"]

    assert any(what in it.what for it in problems), problems
    assert all(it.todo and it.line >= 1 for it in problems)


def test_a_secret_is_found_on_its_lines_also_when_it_is_split_over_them() -> None:
    chunks = [
        b'data: {"choices":[{"index":0,"delta":{"content":"%b"}}]}\n\n' % piece
        for piece in (b"sk-ant-a", b"pi03-AbC", b"dEfGh_12-34")
    ]
    problems = found(STREAM, chunks=chunks, us=[1, 2, 3])

    lines = [it.line for it in problems if "a secret" in it.what]
    assert lines == [5, 6, 7]
    assert not any("AbC" in str(it) for it in problems)


def test_what_cannot_be_read_is_told_with_its_line() -> None:
    data = write(HELLO).split(b"\n")
    (finding,) = check(b"\n".join([*data[:2], b"{broken", *data[3:]]), "it", Rules())

    assert str(finding).startswith("it:3: not JSON")


def alphabet(kind: str) -> str:
    return {
        "letters and digits": string.ascii_letters + string.digits,
        "base64": string.ascii_letters + string.digits + "+/",
        "hex": "0123456789abcdef",
    }[kind]


@pytest.mark.parametrize("kind", ["letters and digits", "base64", "hex"])
def test_keys_that_dice_wrote_are_noticed(kind: str) -> None:
    dice = random.Random(7)  # the same ones every time
    keys = ["".join(dice.choices(alphabet(kind), k=43)).encode() for _ in range(500)]

    assert sum(bool(list(looks_random(key))) for key in keys) >= 480
    warnings = found(HELLO, title=f"it is {keys[0].decode()}")
    assert [it.level for it in warnings] == ["warning"]
    assert keys[0].decode() not in str(warnings[0])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("chatcmpl-AbC1dEf2GhI3jKl4MnO5pQr6StU7vWx8Yz", ""),
        ("toolu_01A09q90qw90lq917835lq9AbCdEf123", ""),
        ("resp_67ccd3a9da748190baa7f1570fe91ac604becb25c45c1d41", ""),
        ("3f2504e0-4f89-41d3-9a0c-0305e82c3301", ""),
        ("da39a3ee5e6b4b0d3255bfef95601890afd80709", ""),
        ("/usr/local/lib/python3.11/site-packages/httpx/_client.py", ""),
        ("test_a_body_over_the_limit_is_a_413_and_others_are_served", ""),
        ("getUserByEmailAddressAndPasswordHash2", ""),
        ("a8B3c9D2e7F1g6H5i4J0k8L3m9N2o7P1", "trace_id"),
        (base64.b64encode(bytes(range(256))).decode(), ""),
    ],
)
def test_ids_hashes_paths_and_names_are_not(text: str, name: str) -> None:
    assert list(looks_random(text.encode(), name.encode())) == []
