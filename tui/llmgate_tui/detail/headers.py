"""The Headers tab: what was said at each of the four borders, names aligned."""

from llmgate.wire.exchanges import ExchangeDetail
from llmgate_tui.detail.facts import padded, title
from llmgate_tui.widgets.line_text import Line

_WIDEST = 34


def render(detail: ExchangeDetail, width: int) -> list[Line]:
    """Four groups."""
    summary = detail.summary
    query = f"?{detail.query}" if detail.query else ""
    status = "" if summary.status is None else f"  {summary.status}"
    groups = [
        ("caller → gateway", f"  {summary.method} {summary.path}{query}", detail.request_headers),
        ("gateway → provider", _target(detail), detail.sent_headers),
        ("provider → gateway", _answered(detail), detail.received_headers),
        ("gateway → caller", status, detail.response_headers),
    ]
    names = [name for _, _, headers in groups for name, _ in headers]
    name_width = min(_WIDEST, width // 2, max(map(len, names), default=0))
    lines: list[Line] = []
    for name, about, headers in groups:
        lines += [[*title(name), (about, "quiet")], *_rows(headers, name_width), []]
    return lines[:-1]


def _rows(headers: list[tuple[str, str]], width: int) -> list[Line]:
    if not headers:
        return [[("  none", "quiet")]]
    return [[("  " + padded(name, width) + "  ", "label"), (value, "")] for name, value in headers]


def _target(detail: ExchangeDetail) -> str:
    return f"  {detail.attempts[-1].url}" if detail.attempts else ""


def _answered(detail: ExchangeDetail) -> str:
    status = detail.attempts[-1].status if detail.attempts else None
    return "" if status is None else f"  {status}"
