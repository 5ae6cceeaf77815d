"""Measures lists and searches over a large store: made in a temporary folder, or kept in one.

python tests/store/measure_million.py [exchanges] [folder]
"""

import asyncio
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from itertools import accumulate
from pathlib import Path
from statistics import median
from typing import Any

from llmgate.store import blocks
from llmgate.store.codec import Packer, Rest
from llmgate.store.encoder import ANSWER, DETAILS, PARTS_PER_EXCHANGE, REQUEST
from llmgate.store.filters import Filter
from llmgate.store.migrations import make_index
from llmgate.store.queries import Queries
from llmgate.store.rows import ANNOTATIONS, COLUMNS, to_row
from llmgate.store.word_index import MOST_DOCS, Partition, index_bytes
from llmgate.store.writer import Store
from llmgate.wire.exchanges import ExchangeSummary

say = partial(print, flush=True)
END_MS = 1_800_000_000_000
EVERY_MS = 1_500
LETTERS = "etaoinshrdlucmfwypvbgkqjxz"
DICE = random.Random(7)


def made_up_words(count: int) -> list[str]:
    """A vocabulary; the first words are the frequent ones."""
    words = dict.fromkeys(
        "".join(DICE.choices(LETTERS, weights=range(40, 14, -1), k=DICE.randint(2, 9)))
        for _ in range(count * 2)
    )
    return list(words)[:count]


WORDS = made_up_words(40_000)
_OFTEN = list(accumulate(1 / (place + 2) ** 1.05 for place in range(len(WORDS))))
PROVIDERS = ("openai", "anthropic", "groq", "ollama", "spare")
MODELS = ("gpt-4o", "claude-sonnet-4-5", "llama-3.3-70b", "qwen3", "o4-mini")


def text_of(number: int) -> str:
    """What an exchange says."""
    words = DICE.choices(WORDS, cum_weights=_OFTEN, k=60)
    return " ".join((*words, f"unique{number}"))


def summary(number: int, count: int) -> ExchangeSummary:
    """One row; ever rarer names, a session for thirty exchanges, a few errors."""
    (kind,) = DICE.choices(range(5), weights=(500, 350, 100, 49.9, 0.1))
    rare = number % 50_000 == 17
    failed = number % 29 == 0
    return ExchangeSummary(
        id=f"{END_MS - (count - number) * EVERY_MS:013x}-{number:08x}",
        started_ms=END_MS - (count - number) * EVERY_MS,
        state="cancelled" if number % 997 == 0 else "failed" if failed else "finished",
        method="POST",
        path="/v1/messages" if kind == 1 else "/v1/chat/completions",
        protocol="anthropic.messages" if kind == 1 else "openai.chat",
        status=(429 if number % 58 else 503) if failed else 200,
        error_type="upstream_rate_limited" if failed else "",
        error=f"slow down {number}" if failed else "",
        provider="lab" if rare else PROVIDERS[kind],
        model="rare-model-1" if rare else "auto" if number % 5 == 0 else MODELS[kind],
        served="served-once" if number == count // 3 else MODELS[kind],
        client="zed" if number % 40_000 == 5 else ("claude-code", "codex", "aider")[number % 3],
        key="night" if number % 30_000 == 3 else ("ide", "bot")[number % 2],
        session=f"session-{number // 30}" if number % 4 else "",
        route="fast",
        input_tokens=900,
        output_tokens=120,
        usage_basis="reported",
        cost_usd=0.001 * (number % 100),
        cost_basis="reported",
        replay=f"r{number // 400}" if number % 100 < 2 else "",
        parent=f"p{number // 50}" if number % 100 < 2 else "",
        marked=number % 2_000 == 0,
        tags="bug,slow" if number % 3_000 == 0 else "once" if number == count // 2 else "",
        note="look at this" if number % 5_000 == 0 else "",
    )


def fill(path: Path, count: int) -> None:
    """Writes ``count`` exchanges with their bodies and the index of their words."""
    names = ("seq", *COLUMNS, *ANNOTATIONS)
    marks = ", ".join("?" * len(names))
    insert = f"INSERT INTO exchanges ({', '.join(names)}) VALUES ({marks})"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA synchronous = OFF")
        for start in range(1, count + 1, 20_000):
            numbers = range(start, min(start + 20_000, count + 1))
            rows = [summary(number, count) for number in numbers]
            texts = [text_of(number) for number in numbers]
            db.executemany(
                insert,
                (
                    (*to_row(number, row), *(getattr(row, name) for name in ANNOTATIONS))
                    for number, row in zip(numbers, rows, strict=True)
                ),
            )
            db.executemany(
                "INSERT INTO parts VALUES (?, ?, ?, ?)", parts(zip(numbers, texts, strict=True))
            )
            index(db, list(zip(numbers, texts, strict=True)))
            db.execute("UPDATE indexed SET seq = ?", (numbers[-1],))
            db.commit()


def parts(texts: Iterator[tuple[int, str]]) -> Iterator[tuple[Any, ...]]:
    """Details, request and answer."""
    packer = Packer()
    rest = packer.encode(Rest())
    for number, text in texts:
        base = number * PARTS_PER_EXCHANGE
        request = b'{"model":"m","messages":[{"role":"user","content":"%s"}]}' % text.encode()
        yield base + DETAILS, *packer.pack(rest)
        yield base + REQUEST, *packer.pack(request)
        yield base + ANSWER, *packer.pack(b'{"content":"yes"}')


def index(db: sqlite3.Connection, texts: list[tuple[int, str]]) -> None:
    """Adds the words, a table for so many exchanges."""
    for number, text in texts:
        table = Partition(1 + (number - 1) // MOST_DOCS, 0, 0, 0).table
        if (number - 1) % MOST_DOCS == 0:
            db.execute(
                f"CREATE VIRTUAL TABLE {table} USING fts5"
                "(words, content='', detail=none, columnsize=0, tokenize='ascii')"
            )
            first_seq = number if number > 1 else 0
            db.execute(
                "INSERT INTO word_indexes VALUES (?, ?, ?, ?)",
                (1 + (number - 1) // MOST_DOCS, first_seq, MOST_DOCS, 400 * MOST_DOCS),
            )
        db.execute(f"INSERT INTO {table} (rowid, words) VALUES (?, ?)", (number, text))


def lists(count: int) -> dict[str, Filter]:
    """What people ask of the list."""
    at = count - count // 10
    return {
        "no filter": Filter(),
        "provider, frequent": Filter(provider="openai"),
        "provider, rare": Filter(provider="lab"),
        "provider, none": Filter(provider="nobody"),
        "model, frequent": Filter(model="gpt-4o"),
        "model, rare": Filter(model="rare-model-1"),
        "model, one": Filter(model="served-once"),
        "model, glob": Filter(model="claude-*"),
        "model, rare glob": Filter(model="rare-*"),
        "client, rare": Filter(client="zed"),
        "key, frequent": Filter(key="ide"),
        "key, rare": Filter(key="night"),
        "session": Filter(session=f"session-{at // 30}"),
        "status 4xx": Filter(status="4xx"),
        "status 503": Filter(status="503"),
        "status 418": Filter(status="418"),
        "state cancelled": Filter(state="cancelled"),
        "state live": Filter(state="live"),
        "any error": Filter(error_type="*"),
        "error, none": Filter(error_type="policy_budget"),
        "since": Filter(since_ms=END_MS - 3_600_000),
        "until long ago": Filter(until_ms=END_MS - count * EVERY_MS // 2),
        "min cost": Filter(min_cost=0.098),
        "min cost, none": Filter(min_cost=9.0),
        "tag": Filter(tag="bug"),
        "tag, one": Filter(tag="once"),
        "marked": Filter(marked=True),
        "note": Filter(note="look"),
        "replay": Filter(replay=f"r{at // 400}"),
        "replay, any": Filter(replay="*"),
        "parent": Filter(parent=f"p{at // 50}"),
        "path, none": Filter(path="/v1/embeddings"),
        "protocol": Filter(protocol="anthropic.messages"),
        "rare model, errors": Filter(model="rare-model-1", status="4xx"),
        "search, frequent": Filter(search="claude"),
        "search, rare": Filter(search="rare-model"),
        "search, error": Filter(search=f"slow down {29 * (at // 29)}"),
        "search, none": Filter(search="nowhere"),
    }


def scans(count: int) -> dict[str, Filter]:
    """What has to be looked for in bodies and headers."""
    at = count - count // 10
    return {
        "header": Filter(header="x-none=y"),
        "body": Filter(body=f"unique{at}"),
        "body, rare model": Filter(body="unique", model="rare-model-1"),
        "body, provider none": Filter(body="unique", provider="nobody"),
    }


def searches(count: int) -> dict[str, Filter]:
    """What people ask of the index of words."""
    return {
        "a frequent word": Filter(text=WORDS[3]),
        "a rare word": Filter(text=WORDS[30_000]),
        "one exchange, old": Filter(text=f"unique{count // 50}"),
        "nothing": Filter(text="qqqqqqq"),
        "one letter": Filter(text="e"),
        "two frequent": Filter(text=f"{WORDS[5]} {WORDS[9]}"),
        "a letter and a rare word": Filter(text=f"e {WORDS[20_000]}"),
        "three letters each": Filter(text=f"{WORDS[50][:2]} {WORDS[90][:2]} {WORDS[900][:3]}"),
        "frequent, rare model": Filter(text=WORDS[3], model="rare-model-1"),
        "one letter, none": Filter(text="e", provider="nobody"),
        "a phrase": Filter(text=f'"{WORDS[3]} {WORDS[5]}"'),
        "frequent, marked": Filter(text=WORDS[3], marked=True),
    }


async def measure(path: Path, asked: dict[str, Filter], limit_ms: float) -> None:
    """First pages and pages by cursor: the median, the worst, and the pages until all is said."""
    say(f"\n{'':26} {'rows':>5} {'first':>8} {'median':>8} {'worst':>8} {'pages':>6}   ms a page")
    for name, wanted in asked.items():
        queries = Queries(path)
        await queries.page(Filter(), limit=1)
        took: list[float] = []
        cursor, rows, pages = "", 0, 0
        while pages < 40:
            began = time.perf_counter()
            page = await queries.page(wanted, cursor, 100)
            took.append((time.perf_counter() - began) * 1000)
            rows, pages, cursor = rows + len(page.exchanges), pages + 1, page.cursor
            if not cursor:
                break
        await queries.close()
        over = "  OVER" if max(took) > limit_ms else ""
        say(
            f"{name:26} {rows:5} {took[0]:8.1f} {median(took):8.1f} {max(took):8.1f}"
            f" {pages:5}{'+' if cursor else ' '}{over}"
        )


async def start(path: Path) -> None:
    """How long opening takes, and a total."""
    began = time.perf_counter()
    store = await Store.open(path, keep_days=0, keep_mb=0)
    opened = (time.perf_counter() - began) * 1000
    began = time.perf_counter()
    page = await store.queries.page(Filter(), count=True)
    counted = (time.perf_counter() - began) * 1000
    while await store.change(make_index):
        pass
    began, noted = time.perf_counter(), 0
    while await store.change(blocks.note_next):
        noted += 1
    noting = (time.perf_counter() - began) * 1000
    words = await index_bytes(store.queries.rows)
    size = await store.queries.size()
    await store.close()
    say(f"{noted} blocks noted in {noting:.0f} ms;")
    say(f"opened in {opened:.0f} ms; a page with its total ({page.total}) in {counted:.0f} ms;")
    say(f"{size / 1e6:,.0f} MB, of it {words / 1e6:,.0f} MB words")


async def main(count: int, folder: Path) -> None:
    """Makes the store unless it is there, and prints the tables."""
    path = folder / "exchanges.sqlite"
    if not path.exists():
        await (await Store.open(path)).close()
        began = time.perf_counter()
        fill(path, count)
        say(f"{count:,} exchanges made in {time.perf_counter() - began:.0f} s")
    await start(path)
    await measure(path, lists(count), 50)
    await measure(path, searches(count), 300)
    await measure(path, scans(count), 300)


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    if len(sys.argv) > 2:
        asyncio.run(main(number, Path(sys.argv[2])))
    else:
        with tempfile.TemporaryDirectory() as made:
            asyncio.run(main(number, Path(made)))
