"""The writer keeps everything, exactly, whatever happens to the process or the file."""

# ruff: noqa: ASYNC240, ASYNC110 - small local files and a child that is killed at once

import asyncio
import os
import stat
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmgate.config.credentials import Scrubber
from llmgate.exchange import Exchange
from llmgate.store.codec import read_timing, timing_bytes
from llmgate.store.filters import Filter
from llmgate.store.writer import Store
from llmgate.wire.exchanges import ExchangeDetail
from tests.store.conftest import OpenStore
from tests.store.making import begin, fail, finish

SECRET = "sk-test-0123456789abcdef"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "exchanges.sqlite"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(path, scrubber=Scrubber([("test", SECRET)]))
    yield opened
    await opened.close()


async def kept(store: Store, one: Exchange) -> ExchangeDetail:
    detail = await store.queries.detail(one.id)
    assert detail is not None
    return detail


async def record(store: Store, *exchanges: Exchange) -> None:
    for one in exchanges:
        store.begun(one)
        store.ended(one)
    await store.flush()


async def test_an_exchange_comes_back_as_it_was(store: Store) -> None:
    one = finish(begin(1), b"data: a\n\n", b"data: b\n\n")
    one.sent_body = b'{"model":"gpt-4o-mini"}'
    one.hints.append("a hint")
    await record(store, one)

    detail = await kept(store, one)

    assert detail.summary == one.summary()
    expected = one.detail()
    attempt = msgspec.structs.replace(expected.attempts[0], url="https://x.test/v1?key=***&a=b")
    assert detail == msgspec.structs.replace(expected, attempts=[attempt])
    assert await store.queries.body(one.id, "request") == one.request_body
    assert await store.queries.body(one.id, "sent") == one.sent_body
    assert await store.queries.body(one.id, "answer") == b"data: a\n\ndata: b\n\n"
    assert await store.queries.chunk_bytes(one.id) == (one.chunks, [1000, 1010])


async def test_sent_is_the_request_when_the_same_bytes_went_on(store: Store) -> None:
    one = finish(begin(1))
    await record(store, one)

    assert await store.queries.body(one.id, "sent") == one.request_body


async def test_a_live_exchange_is_on_disk_with_its_request_and_its_end_replaces_it(
    store: Store,
) -> None:
    one = begin(1)
    store.begun(one)
    await store.flush()
    assert (await kept(store, one)).summary.state == "waiting"
    assert await store.queries.body(one.id, "request") == one.request_body
    assert store.pending(one.id) is one

    store.ended(finish(one))
    assert store.pending(one.id) is one
    await store.flush()

    assert (await kept(store, one)).summary.state == "finished"
    assert await store.queries.body(one.id, "request") == one.request_body
    assert store.pending(one.id) is None
    assert len((await store.queries.page(Filter())).exchanges) == 1


async def test_an_end_that_arrives_while_the_beginning_is_written_is_written_too(
    store: Store,
) -> None:
    one = begin(1, request=os.urandom(200_000))  # large: encoded in a thread, so the loop goes on
    store.begun(one)
    async with asyncio.TaskGroup() as group:
        group.create_task(store.flush())
        await asyncio.sleep(0)
        store.ended(finish(one))
    await store.flush()

    assert (await kept(store, one)).summary.state == "finished"
    assert await store.queries.body(one.id, "request") == one.request_body


async def test_run_writes_what_is_queued_and_close_writes_the_rest(
    open_store: OpenStore, path: Path
) -> None:
    store = await open_store(path)
    reader = store.queries
    async with asyncio.TaskGroup() as group:
        runner = group.create_task(store.run())
        store.begun(begin(1))
        while not (await reader.page(Filter())).exchanges:
            await asyncio.sleep(0.005)  # allow sleep: waits for a thread
        runner.cancel()
    last = finish(begin(2))
    store.begun(last)
    store.ended(last)
    await store.close()

    again = await open_store(path)
    assert [one.id for one in await again.queries.newest(9)] == ["x000001", "x000002"]
    await again.close()


async def test_secrets_are_in_no_byte_of_the_file(store: Store, path: Path) -> None:
    one = begin(1, request=f'{{"k":"{SECRET}"}}'.encode())
    one.model = f"m-{SECRET}"
    one.query = "key=AIzaHiddenParameter&alt=sse"
    one.request_headers = [("user-agent", f"me {SECRET}")]
    finish(one, SECRET[:9].encode(), SECRET[9:].encode())
    one.fail("upstream_auth", f"Incorrect API key {SECRET}")
    one.usage_raw = f'{{"x":"{SECRET}"}}'
    await record(store, one)

    detail = msgspec.json.encode(await kept(store, one)).decode()
    request = await store.queries.body(one.id, "request") or b""
    answer = await store.queries.body(one.id, "answer") or b""
    await store.close()

    assert SECRET not in detail
    assert "AIzaHidden" not in detail
    assert SECRET.encode() not in request + answer
    assert len(request) == len(one.request_body)
    assert len(answer) == len(SECRET)
    assert SECRET.encode() not in path.read_bytes()


async def test_folder_and_file_are_private(store: Store, path: Path) -> None:
    await record(store, finish(begin(1)))

    modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}

    assert modes == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_metadata_keeps_rows_and_headers_without_bodies(
    open_store: OpenStore, path: Path
) -> None:
    store = await open_store(path, bodies="metadata")
    one = finish(begin(1))
    await record(store, one)

    detail = await kept(store, one)

    assert detail.request_headers == [("content-type", "application/json")]
    assert not detail.request_kept
    assert not detail.response_kept
    assert await store.queries.body(one.id, "answer") is None
    assert await store.queries.chunk_bytes(one.id) == ([], [])
    await store.close()


async def test_recording_is_turned_off_and_on_while_running(store: Store) -> None:
    early = begin(1)
    store.begun(early)
    await store.flush()
    store.configure(bodies="off", keep_days=1, keep_mb=10)
    assert store.status().state == "off"
    await record(store, finish(begin(2)))
    store.ended(finish(early))
    await store.flush()
    store.configure(bodies="full", keep_days=1, keep_mb=10)
    await record(store, finish(begin(3)))

    assert [(one.id, one.state) for one in await store.queries.newest(9)] == [
        ("x000001", "finished"),
        ("x000003", "finished"),
    ]


async def test_bodies_are_dropped_before_rows_and_both_are_counted(store: Store) -> None:
    store.backlog.max_rows, store.backlog.max_bytes = 3, 250
    for number in range(5):
        one = begin(number, request=b"r" * 100)
        store.begun(one)
        store.ended(finish(one, b"a" * 20))
    assert store.status().queued == 3
    await store.flush()

    status = store.status()
    details = [await store.queries.detail(f"x{number:06d}") for number in range(3)]

    assert (status.dropped_bodies, status.dropped_exchanges) == (1, 2)
    assert [detail and detail.request_kept for detail in details] == [True, True, False]
    assert details[2] is not None
    assert details[2].summary.input_tokens == 10
    assert store.backlog.bytes == 0


async def test_what_cannot_be_stored_is_dropped_alone(store: Store) -> None:
    bad = finish(begin(1))
    bad.status = 1 << 80
    await record(store, finish(begin(0)), bad, finish(begin(2)))

    assert [one.id for one in await store.queries.newest(9)] == ["x000000", "x000002"]
    assert store.status().dropped_exchanges == 1
    assert store.status().problem == ""


async def test_lone_surrogates_and_long_names_are_stored_tamed(store: Store) -> None:
    one = fail(begin(1), 404, "caller_model_unknown", "\ud800" + "e" * 9000)
    one.model = "\udfffm" * 5000
    one.hints.append("\ud800")
    one.request_headers = [("user-agent", "\ud800")]
    await record(store, one)

    summary = (await kept(store, one)).summary

    assert summary.model.startswith("?m")
    assert len(summary.model) == 300
    assert len(summary.error) == 2000


@given(st.lists(st.binary(min_size=0, max_size=40), max_size=30), st.data())
@settings(max_examples=60, deadline=None)
def test_chunk_times_survive_packing(chunks: list[bytes], data: st.DataObject) -> None:
    moments = data.draw(
        st.lists(st.integers(0, 1 << 40), min_size=len(chunks), max_size=len(chunks))
    )

    packed = timing_bytes(chunks, moments)

    assert read_timing(packed) == ([len(chunk) for chunk in chunks], moments)


@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=40))
@settings(max_examples=20, deadline=None)
def test_chunks_come_back_byte_for_byte(chunks: list[bytes]) -> None:
    async def there_and_back(folder: str) -> tuple[list[bytes], list[int]]:
        store = await Store.open(Path(folder, "exchanges.sqlite"))
        await record(store, finish(begin(1), *chunks))
        found = await store.queries.chunk_bytes("x000001")
        await store.close()
        return found

    with tempfile.TemporaryDirectory() as folder:
        data, moments = asyncio.run(there_and_back(folder))

    assert data == chunks
    assert moments == [1000 + 10 * number for number in range(len(chunks))]
