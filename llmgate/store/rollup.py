"""The roll-up of spend: sums per quarter of an hour and names, which outlive the exchanges.

A row of ``spend`` counts the ended exchanges that began in its slot and had its names, each once:
the writer adds an exchange in the transaction that writes its end. Every zone's midnight and hours
begin with a slot. ``sums_of`` is the same arithmetic in SQL, over rows that are there already.
"""

from llmgate.store.sql import FAILED

SLOT_MS = 900_000
KEEP_MS = 400 * 86_400_000
MOST_TOKENS = 1_000_000_000_000  # of one exchange: keeps sums within 64 bits, whatever is reported
MOST_USD = 1_000_000_000.0

NAMES: tuple[str, ...] = ("slot_ms", "provider", "model", "key", "route", "client")
TOKENS: tuple[str, ...] = (
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
)
SUMS: tuple[str, ...] = (
    "exchanges",
    "errors",
    "unpriced",
    "estimated",
    "cost_usd",
    "estimated_usd",
    *TOKENS,
)

CREATE = """
    CREATE TABLE spend (
        slot_ms INTEGER NOT NULL,
        provider TEXT NOT NULL,
        model TEXT NOT NULL,
        key TEXT NOT NULL,
        route TEXT NOT NULL,
        client TEXT NOT NULL,
        exchanges INTEGER NOT NULL,
        errors INTEGER NOT NULL,
        unpriced INTEGER NOT NULL,
        estimated INTEGER NOT NULL,
        cost_usd REAL NOT NULL,
        estimated_usd REAL NOT NULL,
        input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        cache_read_tokens INTEGER NOT NULL,
        cache_write_tokens INTEGER NOT NULL,
        reasoning_tokens INTEGER NOT NULL,
        PRIMARY KEY (slot_ms, provider, model, key, route, client)
    ) WITHOUT ROWID
"""
ADD = f"INSERT INTO spend ({', '.join((*NAMES, *SUMS))})"
ONTO = "ON CONFLICT DO UPDATE SET " + ", ".join(
    f"{name} = {name} + excluded.{name}" for name in SUMS
)

_USD = f"min(max(cost_usd, 0.0), {MOST_USD})"
_OF_ROWS = ", ".join(
    (
        "count(*)",
        f"count(*) FILTER (WHERE {FAILED})",
        "count(*) FILTER (WHERE cost_usd IS NULL"
        " AND coalesce(input_tokens, output_tokens) IS NOT NULL)",
        "count(*) FILTER (WHERE cost_usd IS NOT NULL AND cost_basis = 'estimated')",
        f"total({_USD})",
        f"total({_USD}) FILTER (WHERE cost_basis = 'estimated')",
        *(f"coalesce(sum(min(max({name}, 0), {MOST_TOKENS})), 0)" for name in TOKENS),
    )
)


def sums_of(where: str) -> str:
    """The sums over exchange rows, in one line."""
    return f"SELECT {_OF_ROWS} FROM exchanges WHERE {where}"  # noqa: S608 - constants


def add_rows(where: str) -> str:
    """Adds the exchange rows that meet a condition to the roll-up."""
    return f"""
        {ADD} SELECT started_ms - started_ms % {SLOT_MS}, provider,
                     CASE served WHEN '' THEN model ELSE served END, key, route, client, {_OF_ROWS}
              FROM exchanges WHERE {where} GROUP BY 1, 2, 3, 4, 5, 6 {ONTO}
    """  # noqa: S608 - constants
