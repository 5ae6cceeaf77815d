"""The Attempts tab: every try at a provider, in order, with why it was chosen and how it ended."""

from llmgate.wire.exchanges import Attempt, ExchangeDetail
from llmgate_tui import units
from llmgate_tui.detail.facts import joined, padded
from llmgate_tui.widgets.line_text import Line

_WIDE = 100  # below, the model gets a line of its own


def render(detail: ExchangeDetail, width: int) -> list[Line]:
    """A block of lines per attempt."""
    if not detail.attempts:
        return [[("No provider was asked.", "quiet")], [(_why_none(detail), "quiet")]]
    names = max(len(attempt.provider) for attempt in detail.attempts)
    models = max(len(attempt.model) for attempt in detail.attempts)
    lines: list[Line] = []
    for number, attempt in enumerate(detail.attempts, 1):
        lines += _block(number, attempt, min(names, 20), min(models, 40) if width >= _WIDE else 0)
    return lines


def _why_none(detail: ExchangeDetail) -> str:
    error = detail.summary.error_type
    return f"It ended before that: {error}." if error else "It has not come to that yet."


def _block(number: int, attempt: Attempt, names: int, models: int) -> list[Line]:
    head: Line = [
        (f"{number:>2}  ", "quiet"),
        (padded(attempt.provider, names), "strong"),
        ("  " + padded(attempt.model, models) if models else "", ""),
        (f"  {took(attempt):>7}  ", ""),
        outcome(attempt),
    ]
    lines = [head]
    if attempt.model and not models:
        lines.append(_fact("model", attempt.model))
    if attempt.url:
        lines.append(_fact("url", attempt.url))
    if attempt.error:
        lines.append(_fact("error", attempt.error, "bad"))
    chosen = joined(
        [
            f"weight {attempt.weight}" if attempt.weight is not None else "",
            f"share {attempt.share * 100:.0f} %" if attempt.share is not None else "",
        ]
    )
    lines.append(_fact("started", f"after {units.duration_us(attempt.started_us)}"))
    if chosen:
        lines.append(_fact("chosen", f"{chosen} at that moment"))
    if attempt.retry_after_s is not None:
        lines.append(_fact("retry", f"after {seconds(attempt.retry_after_s)}, says the provider"))
    return [*lines, []]


def _fact(label: str, text: str, tone: str = "") -> Line:
    return [("    " + label.ljust(9), "label"), (text, tone)]


def took(attempt: Attempt) -> str:
    """How long an attempt lasted."""
    if attempt.ended_us is None:
        return units.UNKNOWN
    return units.duration_us(max(0, attempt.ended_us - attempt.started_us))


def outcome(attempt: Attempt) -> tuple[str, str]:
    """Status and kind of error in words, with its tone."""
    status = "" if attempt.status is None else str(attempt.status)
    if attempt.error_type:
        return joined([status, attempt.error_type.replace("_", " ")], " "), "bad"
    if attempt.ended_us is None:
        return joined([status, "under way"], " "), "accent"
    return status or "ok", "good"


def seconds(value: float) -> str:
    """A provider's seconds: 2s, 1.5s, 2m05s."""
    return f"{value:g}s" if value < 60 else units.duration_us(int(value * 1_000_000))
