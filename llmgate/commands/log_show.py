"""`llmgate log show`: one exchange, its bodies, chunks and headers."""

import argparse
import sys
import time
from contextlib import suppress

import msgspec

from llmgate.commands.log_table import UNKNOWN, duration, model, money, outcome, tokens
from llmgate.errors import LlmgateError
from llmgate.formats.catalog import reader_for
from llmgate.store.queries import Part, Queries
from llmgate.wire.blocks import BlockDelta, BlockEvent, BlockStarted, Failed
from llmgate.wire.exchanges import ExchangeDetail, ExchangeSummary
from llmgate.wire.safe_text import safe_text

PARTS = ("summary", "request", "sent", "answer", "chunks", "headers", "all")
_BODIES: dict[str, Part] = {"request": "request", "sent": "sent", "answer": "answer"}
_SIDES = (
    ("caller to gateway", "request_headers"),
    ("gateway to provider", "sent_headers"),
    ("provider to gateway", "received_headers"),
    ("gateway to caller", "response_headers"),
)


async def show(queries: Queries, args: argparse.Namespace) -> int:
    """Prints the parts asked for."""
    detail = await queries.detail(args.id)
    if detail is None:
        raise LlmgateError(
            f"no exchange, or more than one, begins with {safe_text(args.id[:40])!r};"
            " `llmgate log` lists them"
        )
    if args.json:
        await _as_json(queries, detail, args.part)
    elif args.raw:
        await _raw(queries, detail, args.part)
    else:
        for part in PARTS[:-1] if args.part == "all" else (args.part,):
            await _as_text(queries, detail, part, titled=args.part == "all")
    return 0


async def _raw(queries: Queries, detail: ExchangeDetail, part: str) -> None:
    wanted = _BODIES.get(part, "answer")
    data = await queries.body(detail.summary.id, wanted)
    if data is None:
        raise LlmgateError(f"the {wanted} was not kept")
    sys.stdout.flush()
    sys.stdout.buffer.write(data)


async def _as_json(queries: Queries, detail: ExchangeDetail, part: str) -> None:
    name = detail.summary.id
    given: dict[str, object] = {}
    if part in {"summary", "headers", "all"}:
        given |= msgspec.to_builtins(detail)
    for body, wanted in _BODIES.items():
        if part in {body, "all"}:
            data = await queries.body(name, wanted)
            given[body] = None if data is None else data.decode("utf-8", "replace")
    if part in {"chunks", "all"}:
        given["chunks"] = await queries.chunks(name, 0, 5_000)
    print(msgspec.json.encode(given).decode())


async def _as_text(queries: Queries, detail: ExchangeDetail, part: str, *, titled: bool) -> None:
    if titled and part != "summary":
        print(f"\n--- {part}")
    name = detail.summary.id
    match part:
        case "summary":
            lines = summary_lines(detail)
        case "headers":
            lines = _header_lines(detail)
        case "chunks":
            lines = [
                f"{chunk.n:>5}  {duration(chunk.at_us):>8}  {chunk.size:>7} B"
                f"  {safe_text(chunk.text, newlines=False)}"
                for chunk in await queries.chunks(name, 0, 5_000)
            ]
        case _:
            data = await queries.body(name, _BODIES[part])
            lines = [_body_text(detail, part, data)]
    print("\n".join(lines))


def _body_text(detail: ExchangeDetail, part: str, data: bytes | None) -> str:
    if data is None:
        return f"(the {part} was not kept)"
    if part == "answer":
        read = answer_text(detail, data)
        if read:
            return safe_text(read)
    with suppress(msgspec.DecodeError, RecursionError):
        data = msgspec.json.format(data, indent=2)
    return safe_text(data.decode("utf-8", "replace"))


def answer_text(detail: ExchangeDetail, data: bytes) -> str:
    """The answer as a person reads it; empty when no format knows it."""
    headers = dict(detail.received_headers or detail.response_headers)
    reader = reader_for(detail.summary.protocol, headers.get("content-type", ""))
    pieces: list[str] = []
    for event in (*reader.feed(data), *reader.close()):
        _add(pieces, event)
    return "".join(pieces).strip("\n")


def _add(pieces: list[str], event: BlockEvent) -> None:
    match event:
        case BlockStarted(kind="reasoning"):
            pieces.append("\n[reasoning] ")
        case BlockStarted(kind="tool_call", name=name):
            pieces.append(f"\n[tool call] {name} ")
        case BlockStarted():
            pieces.append("\n")
        case BlockDelta(kind="text" | "json" | "reasoning", text=text):
            pieces.append(text)
        case Failed(message=message):
            pieces.append(f"\n[error] {message}")
        case _:
            pass


def summary_lines(detail: ExchangeDetail) -> list[str]:
    """What happened, a fact a line; what is unknown is left out or ``-``."""
    one = detail.summary
    started = time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(one.started_ms / 1000))
    query = f"?{detail.query}" if detail.query else ""
    facts = [
        ("id", one.id),
        ("started", started),
        ("request", f"{one.method} {one.path}{query}  ({one.protocol}, {one.request_bytes:,} B)"),
        ("outcome", f"{outcome(one)}  {one.state}  {one.finish}".rstrip()),
        ("error", f"{one.error_type} {one.error}".strip()),
        ("limited", _limited(one)),
        ("client", one.client),
        ("key", one.key),
        ("session", one.session),
        ("model", model(one)),
        ("route", one.route),
        ("provider", one.provider),
        ("answer", f"{one.response_bytes:,} B in {one.chunks} chunks {one.transport}".rstrip()),
        ("time", _times(detail)),
        ("tokens", _token_facts(detail)),
        ("cost", f"{money(one.cost_usd, one.cost_basis)} USD  {_cost_source(one)}".rstrip()),
        ("config", f"v{detail.config_version}" if detail.config_version else ""),
        ("replay", _replayed(one)),
        ("kept", _kept(one)),
        ("tags", one.tags.replace(",", ", ")),
        ("note", one.note),
        *((f"attempt {number}", text) for number, text in enumerate(_attempts(detail), 1)),
        *(("hint", hint) for hint in detail.hints),
    ]
    return [f"{name:<10} {safe_text(text, newlines=False)}" for name, text in facts if text]


def _replayed(one: ExchangeSummary) -> str:
    sent_again = f"sends {one.parent} again" if one.parent else ""
    return ", ".join(filter(None, (one.replay, sent_again)))


def _kept(one: ExchangeSummary) -> str:
    """Why no cap removes it."""
    why = ("marked" if one.marked else "", "a recording was made of it" if one.exported else "")
    return ", ".join(filter(None, why))


def _times(detail: ExchangeDetail) -> str:
    one = detail.summary
    return (
        f"{duration(one.total_us)} in all, {duration(one.ttfb_us)} to the first byte,"
        f" {duration(one.own_us)} the gateway's own"
    )


def _token_facts(detail: ExchangeDetail) -> str:
    one = detail.summary
    text = (
        f"{tokens(one.input_tokens, one.usage_basis)} in"
        f" ({UNKNOWN if one.cache_read_tokens is None else f'{one.cache_read_tokens:,}'} cached),"
        f" {tokens(one.output_tokens, one.usage_basis)} out"
    )
    return f"{text}  {one.usage_basis}"


def _cost_source(one: ExchangeSummary) -> str:
    """Only a cost that the provider wrote is reported; else the tokens were, and we priced them."""
    source = one.price_source
    priced = f", priced by {source}" if source and source != "provider" else ""
    if one.cost_basis == "estimated":
        return f"estimated{priced}"
    if one.cost_usd is None or one.cost_basis == "unknown":
        return "unknown"
    return "reported by the provider" if source == "provider" else f"tokens reported{priced}"


def _limited(one: ExchangeSummary) -> str:
    waited = "" if one.queued_us is None else f", waited {duration(one.queued_us)}"
    return f"by {one.limited_by}{waited}" if one.limited_by else ""


def _attempts(detail: ExchangeDetail) -> list[str]:
    return [
        f"{one.provider} {one.model} {one.url}"
        f"  {UNKNOWN if one.status is None else one.status}"
        f"  {duration(None if one.ended_us is None else one.ended_us - one.started_us)}"
        f"  {one.error_type} {one.error}".rstrip()
        for one in detail.attempts
    ]


def _header_lines(detail: ExchangeDetail) -> list[str]:
    lines: list[str] = []
    for title, field in _SIDES:
        lines.append(f"{title}:")
        pairs: list[tuple[str, str]] = getattr(detail, field)
        lines += [f"  {safe_text(f'{name}: {value}', newlines=False)}" for name, value in pairs]
    return lines
