"""Numbers as the screen spells them: short, with units, ``-`` for unknown, ``~`` for estimated."""

UNKNOWN = "-"


def duration(us: int | None) -> str:
    """412ms, 3.1s, 48s, 2m05s, 1h02m."""
    if us is None:
        return UNKNOWN
    if us < 999_500:
        return f"{us / 1000:.0f}ms" if us >= 1000 else "<1ms"
    seconds = us / 1_000_000
    if seconds < 99.95:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}s"
    return f"{minutes // 60}h{minutes % 60:02d}m"


def count(number: int | None, *, estimated: bool = False) -> str:
    """181, 4,812, 48.2k, 1.25M."""
    if number is None:
        return UNKNOWN
    return _short(number) + ("~" if estimated else "")


def _short(number: int) -> str:
    if number < 1000:
        return str(number)
    if number < 999_950:
        return f"{number / 1000:.1f}k"
    return f"{number / 1_000_000:.2f}M"


def grouped(number: int) -> str:
    """10,431."""
    return f"{number:,}"


def rate(per_second: float | None) -> str:
    """Tokens per second: 62, 7.5."""
    if per_second is None:
        return UNKNOWN
    return f"{per_second:.1f}" if per_second < 9.95 else f"{per_second:.0f}"


def money(usd: float | None, *, estimated: bool = False) -> str:
    """0.0151, 1.83, 212: as many digits as tell something."""
    if usd is None:
        return UNKNOWN
    return _digits(usd) + ("~" if estimated else "")


def _digits(usd: float) -> str:
    if usd >= 100:
        return f"{usd:,.0f}"
    if usd >= 1:
        return f"{usd:.2f}"
    return "<0.0001" if 0 < usd < 0.00005 else f"{usd:.4f}"


def ago(ms: int) -> str:
    """How long ago: now, 12s, 4m, 3h, 2d."""
    seconds = max(0, ms) // 1000
    if seconds < 1:
        return "now"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def size(number: int) -> str:
    """312 B, 48 kB, 1.2 MB."""
    if number < 1000:
        return f"{number} B"
    if number < 1_000_000:
        return f"{number / 1000:.0f} kB"
    return f"{number / 1_000_000:.1f} MB"
