"""Words of bodies are found wherever they were new, whatever is removed, killed or damaged."""

import asyncio
import json
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmgate.store import word_index
from llmgate.store.annotations import annotate
from llmgate.store.filters import Filter
from llmgate.store.problems import BadFilter, BrokenIndex, NoWordSearch
from llmgate.store.queries import Queries
from llmgate.store.unindexed import not_indexed
from llmgate.store.word_index import index_bytes
from llmgate.store.words import words_of
from llmgate.store.writer import Store
from llmgate.wire.keeping import Annotation
from tests.store.conftest import OpenStore
from tests.store.making import NOW_MS, begin, finish


def said(text: str, **more: Any) -> bytes:
    return json.dumps({"messages": [{"role": "user", "content": text}], **more}).encode()


async def put(store: Store, number: int, text: str, *chunks: bytes, index: bool = True) -> None:
    one = begin(number, request=said(text))
    store.begun(one)
    store.ended(finish(one, *chunks))
    await store.flush()
    if index:
        await store.indexing.catch_up()


async def found(store: Store, text: str, **more: Any) -> list[int]:
    """All pages, seven a page."""
    numbers: list[int] = []
    cursor = ""
    while True:
        page = await store.queries.page(Filter(text=text, **more), cursor, 7)
        numbers += [int(one.id[1:]) for one in page.exchanges]
        assert page.total is None
        cursor = page.cursor
        if not cursor:
            return numbers


@pytest.fixture
async def store(tmp_path: Path, open_store: OpenStore) -> Store:
    return await open_store(tmp_path / "exchanges.sqlite", keep_days=0, keep_mb=0)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("needle", [3, 2, 1]),
        ("NEED", [3, 2, 1]),
        ("eedle", []),
        ("needle hay", [2, 1]),
        ("hay needle", [2, 1]),
        ('"needle in"', [1]),
        ('"in needle"', []),
        ('hay "the needle"', [2]),
        ("strasse", [3]),
        ("STRASSE äpfel", [3]),
        ("apfel", [3]),
        ("answered", [2]),
        ("gpt", [3, 2, 1]),
        ("role", []),
        ("user", []),
    ],
)
async def test_words_of_request_and_answer_are_found(
    store: Store, text: str, numbers: list[int]
) -> None:
    await put(store, 1, "a Needle in the hay")
    await put(store, 2, "hay, and the needle", b'{"choices":[{"content":"answered"}]}')
    await put(store, 3, "needles: Straße, ÄPFEL")

    assert await found(store, text) == numbers


async def test_a_stream_is_found_by_words_that_its_pieces_make(store: Store) -> None:
    one = begin(1)
    one.transport = "sse"
    store.begun(one)
    store.ended(finish(one, *(b'data: {"text":"%s"}\n\n' % p for p in (b"a nee", b"dle ", b"x"))))
    await store.flush()
    await store.indexing.catch_up()

    assert await found(store, "needle") == [1]
    assert await found(store, '"a needle x"') == [1]


async def test_every_other_filter_narrows_it(store: Store) -> None:
    for number in range(1, 41):
        one = begin(number, request=said(f"needle w{number % 4}"))
        one.provider = "groq" if number % 3 == 0 else "openai"
        one.request_headers = [("x-n", str(number % 2))]
        store.begun(one)
        store.ended(finish(one))
    await annotate(store, [f"x{n:06d}" for n in (3, 8)], Annotation(marked=True, add_tags=["t"]))
    await store.indexing.catch_up()

    assert await found(store, "needle", provider="groq") == list(range(39, 0, -3))
    assert await found(store, "needle w1", provider="groq") == [33, 21, 9]
    assert await found(store, "needle", marked=True) == [8, 3]
    assert await found(store, "needle w0", tag="t") == [8]
    assert await found(store, "w2", header="x-n=0", until_ms=NOW_MS + 12) == [10, 6, 2]
    assert await found(store, "needle", body="w3", since_ms=NOW_MS + 30) == [39, 35, 31]
    assert await found(store, "needle", search="nowhere") == []


async def test_a_conversation_is_found_where_something_was_said_first(store: Store) -> None:
    messages: list[dict[str, str]] = []
    for number in range(1, 31):
        messages.append({"role": "user", "content": f"turn{number} " + f"filler{number} " * 60})
        one = begin(number, request=json.dumps({"messages": messages}).encode())
        store.begun(one)
        store.ended(finish(one))
        if number % 4 == 0:
            await store.flush()
            await store.indexing.catch_up()
    await store.flush()
    await store.indexing.catch_up()

    assert (await found(store, "turn30"))[0] == 30
    assert await found(store, "turn20") == [20]
    assert await found(store, '"filler20 filler20"') == [20]


async def test_a_live_exchange_is_found_when_it_has_ended(store: Store) -> None:
    slow = begin(1, request=said("slowly"))
    store.begun(slow)
    await put(store, 2, "quickly")

    assert await found(store, "quickly") == [2]
    assert await found(store, "slowly") == []
    assert await not_indexed(store.queries.rows) == 1
    store.ended(finish(slow, said("at last")))
    await store.flush()
    await store.indexing.catch_up()
    assert await found(store, "slowly last") == [1]
    assert await not_indexed(store.queries.rows) == 0


async def test_a_cut_of_the_work_loses_nothing(tmp_path: Path, open_store: OpenStore) -> None:
    """Closed between writing and indexing, with one that never ended."""
    path = tmp_path / "exchanges.sqlite"
    store = await open_store(path)
    await put(store, 1, "indexed")
    store.begun(begin(2, request=said("unended")))
    await put(store, 3, "passed over")
    await put(store, 4, "written only", index=False)
    await store._file.close()  # as if killed: nothing more is written

    again = await open_store(path)
    assert await found(again, "written") == []
    assert await again.indexing.catch_up() == 2
    assert await found(again, "written") == [4]
    assert await found(again, "unended") == [2]
    assert await found(again, "indexed") == [1]


async def test_a_number_is_never_used_again_for_other_words(
    tmp_path: Path, open_store: OpenStore
) -> None:
    path = tmp_path / "exchanges.sqlite"
    store = await open_store(path)
    await put(store, 1, "first")
    await put(store, 2, "second")
    await store.close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DELETE FROM exchanges")

    again = await open_store(path)
    await put(again, 3, "third")

    assert await found(again, "second") == []
    assert await found(again, "third") == [3]


async def test_what_is_not_kept_in_bodies_is_found_by_its_names(store: Store) -> None:
    store.configure(bodies="metadata", keep_days=0, keep_mb=0)
    await put(store, 1, "needle")

    assert await found(store, "needle") == []
    assert await found(store, "gpt 4o mini") == [1]


class Small:
    """Tables of ten exchanges."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(word_index, "MOST_DOCS", 10)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Small:
    return Small(monkeypatch)


async def remove(path: Path, numbers: Iterable[int]) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.executemany("DELETE FROM exchanges WHERE id = ?", [(f"x{n:06d}",) for n in numbers])


async def tables(store: Store) -> list[str]:
    rows = await store.queries.rows(
        "SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL%' ORDER BY name", []
    )
    return [row[0] for row in rows]


@pytest.mark.usefixtures("small")
async def test_removed_exchanges_are_not_found_and_their_tables_go(
    tmp_path: Path, store: Store
) -> None:
    for number in range(1, 96):
        await put(store, number, f"needle n{number}")
    full = await tables(store)
    assert len(full) >= 3
    await remove(tmp_path / "exchanges.sqlite", range(1, 60))
    await annotate(store, ["x000061"], Annotation(marked=True))
    await remove(tmp_path / "exchanges.sqlite", [n for n in range(60, 90) if n != 61])

    for _ in range(10):
        await store.indexing.tend()
        await store.indexing.catch_up()

    assert len(await tables(store)) <= 2
    assert await found(store, "needle") == [95, 94, 93, 92, 91, 90, 61]
    assert await found(store, "n61") == [61]
    assert await found(store, "n60") == []


@pytest.mark.usefixtures("small")
async def test_what_bodies_share_is_indexed_in_every_table(tmp_path: Path, store: Store) -> None:
    shared = {"role": "system", "content": "sharedword " * 500}
    for number in range(1, 71):
        turn = {"role": "user", "content": f"own{number} " * 300}
        one = begin(number, request=json.dumps({"messages": [shared, turn]}).encode())
        store.begun(one)
        store.ended(finish(one))
        await store.flush()
        await store.indexing.catch_up()
    hits = await found(store, "sharedword")
    assert hits[-1] == 1
    assert len(hits) == len(await tables(store))
    await remove(tmp_path / "exchanges.sqlite", range(1, hits[-2]))

    assert await found(store, "sharedword") == hits[:-1]


@pytest.mark.usefixtures("small")
async def test_one_that_ends_late_is_found_in_its_order(store: Store) -> None:
    slow = begin(5, request=said("needle"))
    for number in range(1, 61):
        if number == 5:
            store.begun(slow)
        else:
            await put(store, number, "needle")
    store.ended(finish(slow))
    await store.flush()
    await store.indexing.catch_up()

    assert await found(store, "needle") == list(range(60, 0, -1))


async def damage(store: Store, statement: str) -> None:
    async def work(db: Any) -> None:
        await db.execute(statement)

    await store.change(work)


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE words_1_data SET block = x'00ff00ff00ff00ff' WHERE id > 1",
        "DELETE FROM words_1_data",
        "DROP TABLE words_1",
    ],
)
async def test_a_damaged_index_is_made_anew_while_recording_goes_on(
    store: Store, harm: str
) -> None:
    notices: list[str] = []
    store.indexing.on_notice = notices.append
    for number in range(1, 81):
        await put(store, number, f"needle n{number}")
    await damage(store, harm)
    await store.queries.close()

    for number in range(81, 200):
        await put(store, number, "needle")
    try:
        assert len(await found(store, "needle")) == 199
    except BrokenIndex:
        await store.indexing.rebuild()

    await store.indexing.catch_up()
    assert notices
    assert not store.status().problem
    assert not list(store.path.parent.glob("*damaged*"))
    assert await found(store, "needle n80") == [80]
    assert len(await found(store, "needle")) == 199


async def test_without_fts5_searching_says_so_and_all_else_works(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word_index, "MODULE", "a_module_that_is_not_there")
    notices: list[str] = []
    store.indexing.on_notice = notices.append
    await put(store, 1, "needle")
    await put(store, 2, "needle")

    with pytest.raises(NoWordSearch, match="FTS5"):
        await found(store, "needle")
    assert len((await store.queries.page(Filter())).exchanges) == 2
    assert len(notices) == 1
    assert not store.status().problem


@pytest.mark.parametrize("cursor", ["1-2", "w", "wx", "w" + "9" * 19, "x"])
async def test_a_cursor_of_another_list_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(BadFilter):
        await store.queries.page(Filter(text="x"), cursor)


async def test_following_does_not_search_words(store: Store) -> None:
    with pytest.raises(BadFilter, match="while following"):
        await store.queries.after(0, Filter(text="x"))


async def until_indexed(store: Store) -> None:
    while await not_indexed(store.queries.rows):  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0)


async def test_the_index_is_filled_while_the_gateway_runs(store: Store) -> None:
    async with asyncio.TaskGroup() as group:
        running = group.create_task(store.indexing.run())
        await put(store, 1, "needle", index=False)
        async with asyncio.timeout(20):
            await until_indexed(store)
        running.cancel()
    assert await found(store, "needle") == [1]
    assert await index_bytes(store.queries.rows) > 0


@pytest.mark.parametrize("version", ["first_version.sql", "second_version.sql"])
async def test_an_old_store_is_filled_and_found(
    tmp_path: Path, open_store: OpenStore, version: str
) -> None:
    path = tmp_path / "exchanges.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.executescript((Path(__file__).parent / version).read_text())
        kept = [row[0] for row in db.execute("SELECT id FROM exchanges WHERE model LIKE 'gpt%'")]

    store = await open_store(path, keep_days=0, keep_mb=0)
    assert await not_indexed(store.queries.rows) > 0
    await store.indexing.catch_up()

    page = await store.queries.page(Filter(text="gpt"))
    assert sorted(one.id for one in page.exchanges) == sorted(kept)
    assert kept


WORDS = ["alpha", "Alphabet", "beta", "bé", "Straße", "strasse", "漢字", "x1", "X12", "ünïcode"]


def naive(texts: Sequence[str], asked: Sequence[str]) -> list[int]:
    """Every word asked for begins a word of the text."""
    has = [words_of(text) for text in texts]
    wanted = words_of(" ".join(asked))
    return [
        number
        for number in range(len(texts), 0, -1)
        if all(any(word.startswith(one) for word in has[number - 1]) for one in wanted)
    ]


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_search_finds_what_a_naive_look_finds(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    word = st.sampled_from(WORDS) | st.text(max_size=8)
    texts = data.draw(st.lists(st.lists(word, max_size=6).map(" ".join), min_size=1, max_size=60))
    asked = data.draw(
        st.lists(
            st.lists(
                st.sampled_from(WORDS).map(lambda one: one[:3]) | word, min_size=1, max_size=3
            ),
            min_size=1,
            max_size=6,
        )
    )

    async def main() -> None:
        path = tmp_path_factory.mktemp("store") / "exchanges.sqlite"
        store = await Store.open(path, keep_days=0, keep_mb=0)
        try:
            for number, text in enumerate(texts, 1):
                one = begin(number, request=said(text))
                one.model = one.served = ""
                store.begun(one)
                store.ended(finish(one, b"{}"))
            await store.flush()
            await store.indexing.catch_up()
            for words in asked:
                if words_of(" ".join(words)) and '"' not in "".join(words):
                    assert await found(store, " ".join(words)) == naive(texts, words)
        finally:
            await store.close()

    asyncio.run(main())


async def test_a_reader_of_its_own_finds_words_too(store: Store) -> None:
    await put(store, 1, "needle")
    queries = Queries(store.path)

    page = await queries.page(Filter(text="needle"))

    await queries.close()
    assert [one.id for one in page.exchanges] == ["x000001"]
