"""The Summary tab: who asked whom, how it went, what it cost; an error and what to do about it."""

from collections.abc import Sequence
from typing import Final

from llmgate.wire.blocks import Basis
from llmgate.wire.exchanges import LIVE, Attempt, ExchangeDetail, ExchangeSummary
from llmgate.wire.keeping import EDITED
from llmgate_tui import figures, units
from llmgate_tui.columns import tokens_per_second
from llmgate_tui.detail import json_text
from llmgate_tui.detail.attempts import outcome, seconds, took
from llmgate_tui.detail.facts import chunk_gaps, fact, joined, padded, width_of
from llmgate_tui.detail.meanings import meaning
from llmgate_tui.widgets.line_text import Fold, Item, Line, Piece

_SPARKS: Final = 24
_STATES: Final[dict[str, Piece]] = {
    "queued": ("… queued", "warn"),
    "waiting": ("… waiting", "accent"),
    "streaming": ("▸ streaming", "accent"),
    "finished": ("finished", "good"),
    "failed": ("✗ failed", "bad"),
    "cut": ("✂ cut", "bad"),
    "cancelled": ("⊘ cancelled by the caller", "warn"),
}


def render(
    summary: ExchangeSummary,
    detail: ExchangeDetail | None,
    at_us: Sequence[int],
    width: int,
    now_ms: int,
) -> list[Item]:
    """Two columns side by side when there is room, else one below the other."""
    left = _course(summary, detail)
    right = _figures(summary, detail, at_us, now_ms)
    items: list[Item] = [*_beside(left, _error(summary), right, width)]
    if detail is not None:
        items += [[], *_hints(detail)] if detail.hints else []
        if detail.usage_raw:
            raw = detail.usage_raw
            items += [[], Fold([("usage as the provider wrote it", "quiet")], lambda: _usage(raw))]
    return items


def _usage(raw: str) -> list[Line]:
    return json_text.lines(raw, "    ")


def _beside(left: list[Line], error: list[Line], right: list[Line], width: int) -> list[Line]:
    """Both columns, if every line of the left one leaves room for the right one."""
    widest, needed = max(map(width_of, left)) + 3, max(map(width_of, right))
    if widest + needed > width:
        return [*left, *error, [], *right]
    height = max(len(left), len(right))
    left, right = left + [[]] * (height - len(left)), right + [[]] * (height - len(right))
    at = min(max(widest, width // 2), width - needed)
    rows = [
        [*a, (" " * (at - width_of(a)), ""), *b] if b else a
        for a, b in zip(left, right, strict=True)
    ]
    return rows + error


# -- the course it took ------------------------------------------------------


def _course(summary: ExchangeSummary, detail: ExchangeDetail | None) -> list[Line]:
    attempts = detail.attempts if detail is not None else []
    return [_journey(summary, attempts), _models(summary), *_tree(attempts), _ending(summary)]


def _journey(summary: ExchangeSummary, attempts: Sequence[Attempt]) -> Line:
    client = summary.client or "a caller"
    line: Line = [(client, "strong")]
    if summary.key:
        line.append((f" (key {summary.key})", "quiet"))
    if summary.route:
        line += [(" → ", "quiet"), (f"route {summary.route}", "")]
    if summary.provider:
        line += [(" → ", "quiet"), (summary.provider, "strong")]
    weight = attempts[-1].weight if attempts else None
    about = joined(
        [
            f"weight {weight}" if weight is not None else "",
            f"{summary.attempts} attempts" if summary.attempts > 1 else "",
        ],
        ", ",
    )
    return [*line, (f" ({about})", "quiet")] if about else line


def _models(summary: ExchangeSummary) -> Line:
    line: Line = [(summary.model or "no model named", "")]
    if summary.served and summary.served != summary.model:
        line += [(" → ", "quiet"), (summary.served, "")]
    return line


def _tree(attempts: Sequence[Attempt]) -> list[Line]:
    names = min(20, max((len(attempt.provider) for attempt in attempts), default=0))
    lines: list[Line] = []
    for number, attempt in enumerate(attempts, 1):
        branch = "└ " if number == len(attempts) else "├ "
        word, tone = outcome(attempt)
        if attempt.retry_after_s is not None:
            word += f", retry-after {seconds(attempt.retry_after_s)}"
        lines.append(
            [
                (branch, "quiet"),
                (padded(attempt.provider, names), ""),
                (f"  {took(attempt):>7}  ", ""),
                (word, tone),
            ]
        )
    return lines


def _ending(summary: ExchangeSummary) -> Line:
    status = "" if summary.status is None else f"{summary.status} "
    word, tone = _STATES[summary.state]
    if summary.error_type == "policy_cancelled":
        word, tone = "⊘ cancelled from a terminal", "warn"
    tools = f"{summary.tool_calls} tool call{'s' if summary.tool_calls > 1 else ''}"
    more = joined([summary.finish.replace("_", " "), tools if summary.tool_calls else ""])
    return [(status, tone), (word, tone), (f"  {more}" if more else "", "quiet")]


# -- the figures -------------------------------------------------------------


def _figures(
    summary: ExchangeSummary, detail: ExchangeDetail | None, at_us: Sequence[int], now_ms: int
) -> list[Line]:
    lines = [_tokens(summary), _cost(summary), _times(summary, now_ms), *_held(summary)]
    if gaps := chunk_gaps(at_us, _SPARKS):
        lines.append(fact("chunks", *gaps))
    lines.append(_sizes(summary))
    lines += _kept(summary)
    if summary.session:
        lines.append(fact("session", summary.session))
    if summary.repeat:
        times = "once" if summary.repeat == 1 else f"{summary.repeat} times"
        lines.append(fact("repeat", (f"the same request came {times} just before", "warn")))
    query = f"?{detail.query}" if detail is not None and detail.query else ""
    lines.append(fact("asked", f"{summary.method} {summary.path}{query}"))
    version = f"config v{detail.config_version}" if detail and detail.config_version else ""
    about = joined([summary.protocol, summary.transport, version])
    lines.append(fact("protocol", about))
    lines.append(fact("id", summary.id))
    return lines


def _kept(summary: ExchangeSummary) -> list[Line]:
    """What people said of it, where it comes from, and whether the caps spare it."""
    lines: list[Line] = []
    if summary.note:
        lines.append(fact("note", (summary.note, "strong")))
    if summary.tags:
        lines.append(
            fact("tags", (" ".join(f"#{tag}" for tag in summary.tags.split(",")), "accent"))
        )
    if summary.parent:
        edited = EDITED in summary.tags.split(",")
        how = "sends again, edited," if edited else "sends again"
        lines.append(fact("parent", f"{how} {summary.parent}", ("  d compares", "quiet")))
    if summary.replay == "import":
        lines.append(fact("replay", "imported: it was not asked through this gateway"))
    elif summary.replay:
        lines.append(fact("replay", summary.replay, ("  6 Replay", "quiet")))
    spared = joined(["marked" if summary.marked else "", "exported" if summary.exported else ""])
    if spared:
        lines.append(fact("kept", f"{spared}", ("  no cap removes it", "quiet")))
    return lines


def _tokens(summary: ExchangeSummary) -> Line:
    if summary.input_tokens is None and summary.output_tokens is None:
        return fact("tokens", (f"{units.UNKNOWN} unknown: nothing was reported", "quiet"))
    estimated = summary.usage_basis == "estimated" or summary.state in LIVE
    sign = "~" if estimated else ""
    inner = _inside(
        [(summary.cache_read_tokens, "cached"), (summary.cache_write_tokens, "written")]
    )
    outer = _inside([(summary.reasoning_tokens, "reasoning")])
    return fact(
        "tokens",
        f"{_grouped(summary.input_tokens, sign)} in",
        (inner, "quiet"),
        " · ",
        f"{_grouped(summary.output_tokens, sign)} out",
        (outer, "quiet"),
        _basis("estimated" if estimated else summary.usage_basis),
    )


def _grouped(tokens: int | None, sign: str) -> str:
    return units.UNKNOWN if tokens is None else sign + figures.grouped(tokens)


def _inside(parts: Sequence[tuple[int | None, str]]) -> str:
    shown = [f"{figures.grouped(number)} {word}" for number, word in parts if number is not None]
    return f" ({', '.join(shown)})" if shown else ""


def _basis(basis: Basis) -> Piece:
    if basis == "estimated":
        return "  ~estimated", "warn"
    return f"  {basis}", "quiet"


def _cost(summary: ExchangeSummary) -> Line:
    if summary.cost_usd is None or summary.cost_basis == "unknown":
        return fact("cost", (f"{units.UNKNOWN} unknown: {_no_price(summary)}", "quiet"))
    sign = "~" if summary.cost_basis == "estimated" else ""
    return fact("cost", sign + units.money(summary.cost_usd), *_origin(summary))


def _origin(summary: ExchangeSummary) -> list[Piece]:
    """Only a cost that the provider wrote is reported; else the tokens were, and we priced them."""
    source = summary.price_source
    priced = (f" · priced by {source}" if source and source != "provider" else "", "quiet")
    if summary.cost_basis == "estimated":
        return [_basis("estimated"), priced]
    if source == "provider":
        return [("  reported by the provider", "quiet")]
    return [("  tokens reported", "quiet"), priced]


def _no_price(summary: ExchangeSummary) -> str:
    if summary.state in LIVE:
        return "it is counted at the end"
    if summary.input_tokens is None:
        return "no tokens were counted"
    return f"no price for {summary.served or summary.model or 'this model'}"


def _times(summary: ExchangeSummary, now_ms: int) -> Line:
    if summary.total_us is None:
        total = f"{units.age(summary.started_ms, now_ms)} so far"
    else:
        total = f"{units.duration_us(summary.total_us)} total"
    speed = tokens_per_second(summary, now_ms)
    return fact(
        "time",
        f"{units.duration_us(summary.ttfb_us)} to first byte · {total}",
        f" · own {units.duration_us(summary.own_us)}" if summary.own_us is not None else "",
        f" · {figures.rate(speed)} tok/s" if speed is not None else "",
    )


def _held(summary: ExchangeSummary) -> list[Line]:
    """The limit of ours that refused or held it, and for how long it waited."""
    lines: list[Line] = []
    if summary.limited_by:
        how = "refused by" if summary.error_type.startswith("policy_") else "held by"
        lines.append(fact("limit", (f"{how} {summary.limited_by}", "warn"), ("  4 Keys", "quiet")))
    if summary.queued_us is not None:
        waited = units.duration_us(summary.queued_us)
        lines.append(fact("queued", f"{waited} until there was room"))
    return lines


def _sizes(summary: ExchangeSummary) -> Line:
    chunks = f" in {figures.grouped(summary.chunks)} chunks" if summary.chunks > 1 else ""
    return fact(
        "size",
        f"{units.size(summary.request_bytes)} asked · ",
        f"{units.size(summary.response_bytes)} answered{chunks}",
    )


# -- what went wrong ---------------------------------------------------------


def _error(summary: ExchangeSummary) -> list[Line]:
    if not summary.error_type and not summary.error:
        return []
    means = meaning(summary.error_type)
    lines = [
        [],
        fact("error", (summary.error_type.replace("_", " "), "bad"), (f"  {summary.error}", "")),
        fact("means", means.what),
    ]
    return [*lines, fact("do", means.do)] if means.do else lines


def _hints(detail: ExchangeDetail) -> list[Line]:
    return [fact("hint" if number == 0 else "", hint) for number, hint in enumerate(detail.hints)]
