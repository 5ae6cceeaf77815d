"""What a benchmark found: rows with their targets, as a table and as JSON."""

import platform
from collections.abc import Callable

import msgspec


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One figure; ``value`` is None when it was not measured, and ``note`` says why."""

    name: str
    what: str
    unit: str
    target: float
    value: float | None = None
    reached: bool | None = None
    note: str = ""
    detail: dict[str, float] = {}


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run; ``calibration_us`` tells how fast the machine was, to compare figures."""

    version: str
    python: str
    system: str
    cores: int
    calibration_us: float
    seconds: float
    rows: list[Row]

    @property
    def reached(self) -> bool:
        """Every figure that was measured reaches its target."""
        return all(row.reached is not False for row in self.rows)


def system() -> str:
    """The machine in a few words, without its name."""
    return f"{platform.system()} {platform.machine()}"


def figure(row: Row, value: float, *, note: str = "", also: bool = True, **detail: float) -> Row:
    """The row with its figure; ``also`` are further conditions of its target."""
    return msgspec.structs.replace(
        row, value=value, reached=value <= row.target and also, note=note, detail=detail
    )


def table(report: Report) -> str:
    """The report for people."""
    head = (
        f"llmgate {report.version}, Python {report.python}, {report.system}, {report.cores} cores; "
        f"calibration {report.calibration_us:,.0f} us; {report.seconds:.0f} s"
    )
    cells = [["", "measured", "target", "", ""], *(_cells(row) for row in report.rows)]
    widths = [max(len(line[n]) for line in cells) for n in range(4)]
    adjust: list[Callable[[str, int], str]] = [str.ljust, str.rjust, str.rjust, str.ljust]
    lines = [
        "  ".join(put(text, width) for put, text, width in zip(adjust, line, widths, strict=False))
        for line in cells
    ]
    details = [f"    {line[4]}" if line[4] else "" for line in cells]
    body = [part for pair in zip(lines, details, strict=True) for part in pair if part.strip()]
    return "\n".join([head, "", *(line.rstrip() for line in body)])


def _cells(row: Row) -> list[str]:
    value = "-" if row.value is None else f"{_number(row.value)} {row.unit}"
    verdict = {True: "reached", False: "MISSED", None: "not measured"}[row.reached]
    extra = [f"{name.replace('_', ' ')} {_number(found)}" for name, found in row.detail.items()]
    if row.note:
        extra.append(row.note)
    return [row.what, value, f"{_number(row.target)} {row.unit}", verdict, " · ".join(extra)]


def _number(value: float) -> str:
    return f"{value:,.{_digits(value)}f}"


def _digits(number: float) -> int:
    return 0 if number == int(number) or abs(number) >= 1000 else 1 if abs(number) >= 10 else 2
