"""Every source of the timeline is served by an index, and its rows are read by their ids, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Select, text
from sqlalchemy import event as sql_event
from sqlalchemy.orm import Session

from ecrm.customers.timeline_sources import SOURCES, Asked, Kind
from ecrm.customers.timeline_statement import heads, page_of
from tracking.identity import USUAL_WINDOW

VALUES = {"customer": 1, "limit": 31, "at": datetime(2026, 11, 1, tzinfo=UTC), "source": 3, "id": 9}
LONG = {Kind.ORDER, Kind.DELIVERY, Kind.EMAIL, Kind.SEARCH, Kind.ACCOUNT, Kind.REFUND}
"""Of these somebody may have thousands."""


@pytest.mark.parametrize("number", range(len(SOURCES)))
@pytest.mark.parametrize("below", [False, True])
def test_no_source_reads_its_whole_table(session: Session, number: int, below: bool) -> None:
    dialect = session.get_bind().dialect.name
    plan = _plan(session, heads((number,), Asked(dialect, USUAL_WINDOW), below), below=below)
    assert _whole_tables(dialect, plan) == []


@pytest.mark.parametrize("number", [number for number, source in enumerate(SOURCES) if source.kind in LONG])
def test_a_customers_newest_are_read_in_the_order_of_an_index(session: Session, number: int) -> None:
    """So that somebody with thousands of orders costs what others do."""
    source, dialect = SOURCES[number], session.get_bind().dialect.name
    first = source.heads(Asked(dialect, USUAL_WINDOW))[0]
    newest = first.order_by(source.moment.desc()).limit(31)
    plan = _plan(session, newest, below=False)
    assert [line for line in plan if "TEMP B-TREE" in line or "Sort" in line] == []


@pytest.mark.parametrize("below", [False, True])
def test_rows_that_are_shown_are_read_by_their_ids(session: Session, below: bool) -> None:
    dialect = session.get_bind().dialect.name
    everything = page_of(tuple(range(len(SOURCES))), Asked(dialect, USUAL_WINDOW), below).kept.statement
    plan = _plan(session, everything, below=below)
    assert _whole_tables(dialect, plan) == []
    if dialect == "sqlite":
        for number in range(len(SOURCES)):
            assert [one for one in plan if one.startswith(f"SEARCH r{number} USING INTEGER PRIMARY KEY")], number


def _plan(session: Session, statement: Select[Any], *, below: bool) -> list[str]:
    used = {name: value for name, value in VALUES.items() if below or name in {"customer", "limit"}}
    if "limit" not in statement.compile().params:
        del used["limit"]
    sent: list[tuple[str, Any]] = []
    connection = session.connection()
    sql_event.listen(connection, "before_cursor_execute", lambda *said: sent.append((said[2], said[3])))
    connection.execute(statement, used)
    written, parameters = sent[-1]
    if connection.dialect.name == "postgresql":
        for way in ("seqscan", "bitmapscan", "sort"):  # the tables are empty: it would take these
            connection.execute(text(f"SET LOCAL enable_{way} = off"))
        return [str(row[0]) for row in connection.exec_driver_sql(f"EXPLAIN {written}", parameters)]
    return [str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {written}", parameters)]


def _whole_tables(dialect: str, plan: list[str]) -> list[str]:
    if dialect == "postgresql":
        return [line for line in plan if "Seq Scan" in line]
    read = [line.removeprefix("SCAN ") for line in plan if line.startswith("SCAN ") and "USING" not in line]
    return [line for line in read if line.startswith(("ecrm_", "r", "b"))]
