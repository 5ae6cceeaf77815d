"""Many rows in one statement: all of them, in order, whatever their number."""

import sqlite3

import pytest

from llmgate.store.together import FEW, together


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 63, 64, 65, 399, 400, 401, 1000])
def test_every_row_is_inserted_once_and_in_order(count: int) -> None:
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)")
    rows = [(n, f"row {n}") for n in range(count)]

    for statement, values in together("INSERT INTO t", "ON CONFLICT (a) DO NOTHING", rows):
        db.execute(statement, values)

    assert db.execute("SELECT a, b FROM t ORDER BY a").fetchall() == rows
    db.close()


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 401, 1000])
def test_few_rows_are_one_statement_and_many_are_all_there(count: int) -> None:
    rows = [(n,) for n in range(count)]

    given = list(together("INSERT INTO t", "", rows, FEW))

    assert [value for _, values in given for value in values] == list(range(count))
    assert count > 8 or len(given) <= 1


def test_few_statements_carry_many_rows() -> None:
    statements = [s for s, _ in together("INSERT INTO t", "", [(n,) for n in range(1203)])]

    assert len(statements) == 3 + 3  # three of 400 and three of one
    assert len(set(statements)) == 2
