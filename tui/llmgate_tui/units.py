"""Numbers with their units as the detail pane spells them; the short forms are those of figures."""

from datetime import datetime, tzinfo

from llmgate.wire.blocks import Basis
from llmgate.wire.gateway import Spend
from llmgate_tui import figures

UNKNOWN = figures.UNKNOWN


def duration_us(us: int | None) -> str:
    """280us, 412ms, 3.1s, 2m05s, 1h02m, 3d04h."""
    if us is None:
        return UNKNOWN
    if abs(us) < 1000:
        return f"{us}us"
    if us < 9_950:
        return f"{us / 1000:.1f}ms"
    hours = us // 3_600_000_000
    return figures.duration(us) if hours < 100 else f"{hours // 24}d{hours % 24:02d}h"


def count(number: int | None, basis: Basis = "reported") -> str:
    """181, 48.2k, 1.25M; 410~ when estimated."""
    if number is not None and number >= 99_950_000:
        short = f"{number / 1e6:.0f}M" if number < 999_500_000 else f"{number / 1e9:.1f}G"
        return short + ("~" if basis == "estimated" else "")
    return figures.count(number, estimated=basis == "estimated")


def money(usd: float | None, basis: Basis = "reported") -> str:
    """$0.0151, $1.83; $0.019~ when estimated."""
    if usd is None or basis == "unknown":
        return UNKNOWN
    return _dollars(usd, 4) if basis == "reported" else _dollars(usd, 3) + "~"


def spent(day: Spend) -> str:
    """A day's money: $1.83, $0.02~ when estimated; unknown when nothing that ran has a price."""
    if day.cost_basis == "unknown" or (day.unpriced > 0 and day.cost_usd == 0):
        return UNKNOWN
    return f"${day.cost_usd:.2f}{'~' if day.cost_basis == 'estimated' else ''}"


def _dollars(usd: float, digits: int) -> str:
    least = 10.0**-digits
    if 0 < usd < least / 2:
        return "<$" + f"{least:.{digits}f}"[1:]
    if usd < 0.99995:
        return f"${usd:.{digits}f}"
    if usd < 99.995:
        return f"${usd:.2f}"
    if usd < 9_999.5:
        return f"${usd:,.0f}"
    if usd < 99_950:
        return f"${count(round(usd))}"
    return f"${usd / 1000:.0f}k" if usd < 999_500 else f"${usd / 1e6:.0f}M"


def size(number: int | None) -> str:
    """312 B, 48 kB, 1.2 MB."""
    if number is None:
        return UNKNOWN
    if number < 999_500:
        return figures.size(number)
    if number < 99_950_000:
        return f"{number / 1e6:.1f} MB"
    return f"{number / 1e6:.0f} MB" if number < 999_500_000 else f"{number / 1e9:.0f} GB"


def rate(tokens: int | None, us: int | None) -> str:
    """Tokens per second: 62, 7.5."""
    if tokens is None or us is None or us <= 0:
        return UNKNOWN
    per_second = tokens * 1_000_000 / us
    return figures.rate(per_second) if per_second < 9_999 else count(round(per_second))


def clock(ms: int, tz: tzinfo | None = None) -> str:
    """12:04:31."""
    return datetime.fromtimestamp(ms / 1000, tz).strftime("%H:%M:%S")


def age(ms: int, now_ms: int) -> str:
    """How long ago: now, 12s, 4m, 3h, 2d."""
    return figures.ago(now_ms - ms)
