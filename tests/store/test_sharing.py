"""Bodies are kept in pieces, and come back byte for byte or not at all."""

import contextlib
import json
import os
import sqlite3
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmgate.config.credentials import Scrubber
from llmgate.store.codec import SHARED, Packer, unpack
from llmgate.store.cutting import LEAST, spans
from llmgate.store.pieces import body_of, read_manifest
from llmgate.store.problems import BrokenBody
from llmgate.store.sharing import Sharing
from llmgate.store.writer import Store
from tests.store.conftest import OpenStore
from tests.store.making import begin, finish
from tests.store.measure_session import measure
from tests.store.sessions import Shape, session

SECRET = "sk-test-0123456789abcdef"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "exchanges.sqlite"


async def record(store: Store, number: int, request: bytes, sent: bytes | None = None) -> str:
    one = begin(number, request=request)
    one.sent_body = sent
    store.begun(one)
    store.ended(finish(one))
    assert await store.flush()
    return one.id


async def pieces(store: Store) -> int:
    rows = await store.queries.rows("SELECT count(*) FROM pieces", [])
    return int(rows[0][0])


def conversation(*texts: str, **fields: Any) -> bytes:
    messages = [{"role": "user", "content": text} for text in texts]
    return json.dumps({"model": "m", "messages": messages, **fields}).encode()


def roundtrip(bodies: list[bytes]) -> None:
    sharing, packer = Sharing(), Packer()
    kept: dict[int, tuple[int, bytes]] = {}
    parts = []
    for seq, body in enumerate(bodies):
        shared = sharing.share(seq + 1, 8 * seq + 9, body, packer)
        for number, codec, _, data in shared.pieces:
            assert number not in kept
            kept[number] = (codec, data)
        parts.append(shared.data)
    for seq, (body, data) in enumerate(zip(bodies, parts, strict=True)):
        assert body_of(8 * seq + 9, SHARED, data, kept) == body


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=30,
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    value=st.dictionaries(st.text(max_size=5), JSON),
    spaces=st.sampled_from([None, 1, 4]),
    ascii_only=st.booleans(),
    times=st.integers(1, 60),
)
def test_any_json_is_the_same_after_it_was_cut(
    value: dict[str, Any], spaces: int | None, *, ascii_only: bool, times: int
) -> None:
    body = {**value, "messages": [value.get("messages"), value] * times}
    text = json.dumps(body, indent=spaces, ensure_ascii=ascii_only)
    roundtrip([text.encode("utf-8", "surrogatepass")] * 2)


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(0, 9000), st.integers(0, 9000))
def test_bytes_that_were_damaged_anywhere_are_the_same_after_they_were_cut(
    noise: bytes, at: int, length: int
) -> None:
    body = conversation(*(f"{number} " * 300 for number in range(12)))
    roundtrip([body, body[:at] + noise + body[at + length :]])


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":' * 3000 + b"1" + b"}" * 3000,
        b"[" * 100_000,
        b'{"messages":[' + b"1," * 5000 + b"1]}",
        b'{"messages":["' + b'x","' * 5000 + b'"]}',
        b'{"m":[%s],"m":[%s],"n":1}' % (b'{"a":"' + b"b" * 9000 + b'"}', b'{"c":1}' * 1),
        b'\xef\xbb\xbf{"messages":[{"content":"' + b"a" * 5000 + b'"}]}',
        b'{"messages":[{"content":"\\ud800' + b"a" * 9000 + b'"}]}',
        b'{"k":"' + b"\xff" * 9000 + b'"}',
        b"{" + b" " * 9000 + b"}",
        b'{"' + b"k" * 9000 + b'":[]}',
        b"{" * LEAST,
    ],
)
def test_odd_bodies_are_the_same_after_they_were_cut(body: bytes) -> None:
    roundtrip([body, body, body[:-1], body + b" "])


def test_a_value_that_is_found_too_early_only_moves_a_cut() -> None:
    long = "w" * 5000
    body = json.dumps({"a" * 60: "", "x": f'"{long}', long: [long, {long: long}, long]}).encode()
    roundtrip([body, body.replace(b", ", b",")])


def test_a_conversation_is_cut_at_its_messages_and_tools() -> None:
    tools = [{"name": f"tool-{n}", "description": "does something " * 20} for n in range(4)]
    body = conversation(*(f"{n} {'word ' * 99}" for n in range(9)), tools=tools)

    found = [body[start:end] for start, end in spans(body)]

    assert sum(piece.startswith(b'{"role"') and piece.endswith(b"}") for piece in found) == 9
    assert sum(piece.startswith(b'{"name"') and piece.endswith(b"}") for piece in found) == 4


def test_one_long_message_is_cut_at_its_blocks() -> None:
    blocks = [{"type": "text", "text": f"{n} {'word ' * 900}"} for n in range(5)]
    body = json.dumps({"messages": [{"role": "user", "content": blocks}]}).encode()

    found = [body[start:end] for start, end in spans(body)]

    assert (
        sum(piece.startswith(b'{"type": "text"') and piece.endswith(b"}") for piece in found) == 5
    )


async def test_what_a_request_repeats_is_kept_once(open_store: OpenStore, path: Path) -> None:
    store = await open_store(path)
    texts = [os.urandom(400).hex() for _ in range(20)]
    await record(store, 1, conversation(*texts))
    before = await pieces(store)

    await record(store, 2, conversation(*texts, "and now?"))
    same = await record(store, 3, conversation(*texts))

    assert before >= 20
    assert await pieces(store) <= before + 3
    assert await store.queries.body(same, "request") == conversation(*texts)
    await store.close()


async def test_what_was_sent_shares_all_but_the_model_with_the_request(
    open_store: OpenStore, path: Path
) -> None:
    store = await open_store(path)
    request = conversation(*(os.urandom(400).hex() for _ in range(20)))
    sent = request.replace(b'"m"', b'"another-model"')
    name = await record(store, 1, request, sent)

    assert await store.queries.body(name, "request") == request
    assert await store.queries.body(name, "sent") == sent
    query = "SELECT total(length(data)) + (SELECT total(length(data)) FROM parts) FROM pieces"
    [[stored]] = await store.queries.rows(query, [])
    assert stored < 0.75 * len(request)  # random hex packs to half of itself, and twice would show
    rows = await store.queries.rows("SELECT sum(size) FROM pieces", [])
    assert rows[0][0] < len(request) + 200
    await store.close()


async def test_secrets_are_in_no_piece(open_store: OpenStore, path: Path) -> None:
    store = await open_store(path, scrubber=Scrubber([("test", SECRET)]))
    body = conversation(*(f"{n} {'word ' * 200} {SECRET}" for n in range(9)))
    name = await record(store, 1, body)

    found = await store.queries.body(name, "request") or b""
    await store.close()

    assert len(found) == len(body)
    assert SECRET.encode() not in found
    with contextlib.closing(sqlite3.connect(path)) as db:
        for codec, data in db.execute("SELECT codec, data FROM pieces"):
            assert SECRET.encode() not in unpack(codec, data)


async def test_a_failed_transaction_leaves_no_reference_to_pieces_that_are_not_there(
    open_store: OpenStore, path: Path
) -> None:
    store = await open_store(path)
    texts = [os.urandom(400).hex() for _ in range(20)]
    assert store._file.db is not None
    await store._file.db.execute("PRAGMA query_only = 1")
    one = begin(1, request=conversation(*texts))
    store.begun(one)
    store.ended(finish(one))
    assert not await store.flush()
    await store._file.db.execute("PRAGMA query_only = 0")

    assert await store.flush()
    two = await record(store, 2, conversation(*texts, "more"))

    assert await store.queries.body(one.id, "request") == one.request_body
    assert await store.queries.body(two, "request") == conversation(*texts, "more")
    await store.close()


async def test_one_of_a_batch_that_cannot_be_stored_takes_no_pieces_of_others_along(
    open_store: OpenStore, path: Path
) -> None:
    store = await open_store(path)
    texts = [os.urandom(400).hex() for _ in range(20)]
    bad, good = begin(1, request=conversation(*texts)), begin(2, request=conversation(*texts))
    bad.started_ms = 1 << 70
    for one in (bad, good):
        store.begun(one)
        store.ended(finish(one))
    assert await store.flush()

    assert await store.queries.body(good.id, "request") == good.request_body
    assert store.status().dropped_exchanges == 1
    await store.close()


async def test_a_store_that_is_opened_again_refers_to_none_of_the_old_pieces(
    open_store: OpenStore, path: Path
) -> None:
    body = conversation(*(os.urandom(400).hex() for _ in range(20)))
    for number in range(3):
        store = await open_store(path)
        await record(store, number, body)
        await store.close()
    store = await open_store(path)

    rows = await store.queries.rows("SELECT number, first_seq, last_seq FROM generations", [])
    assert len({row[0] for row in rows}) == 3
    for number in range(3):
        assert await store.queries.body(f"x{number:06d}", "request") == body
    await store.close()


async def test_a_missing_or_damaged_piece_is_said_and_never_another_body(
    open_store: OpenStore, path: Path
) -> None:
    store = await open_store(path)
    names = [
        await record(store, n, conversation(*(os.urandom(300).hex() for _ in range(9))))
        for n in range(4)
    ]
    await store.close()
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        parts = db.execute("SELECT data FROM parts WHERE codec = ?", (SHARED,)).fetchall()
        missing, other, broken, fine = (read_manifest(data).ids()[3] for (data,) in parts)
        db.execute("DELETE FROM pieces WHERE id = ?", (missing,))
        db.execute(
            "UPDATE pieces SET data = (SELECT data FROM pieces WHERE id = ?) WHERE id = ?",
            (fine, other),
        )
        db.execute("UPDATE pieces SET data = x'28b52ffd00' WHERE id = ?", (broken,))
    store = await open_store(path)

    for name in names[:3]:
        with pytest.raises(BrokenBody, match="damaged"):
            await store.queries.body(name, "request")
        assert await store.queries.detail(name) is not None
    assert await store.queries.body(names[3], "request")
    await store.close()


@pytest.mark.parametrize("shape", ["messages", "responses", "chat"])
async def test_a_coding_session_takes_a_twentieth_of_its_bytes(
    shape: Shape, tmp_path: Path
) -> None:
    found = await measure(tmp_path, shape, 200, 500_000)

    assert found.raw_bytes > 45_000_000
    assert found.exact
    assert found.share < 0.05


def test_a_session_grows_as_said_and_repeats_what_came_before() -> None:
    turns = list(session("messages", turns=50, size=200_000))

    assert 150_000 < len(turns[-1].request) < 260_000
    assert all(len(a.request) < len(b.request) for a, b in pairwise(turns))
    assert turns == list(session("messages", turns=50, size=200_000))
