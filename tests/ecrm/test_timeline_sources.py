"""Every source of the timeline is served by an index, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event as sql_event
from sqlalchemy import text
from sqlalchemy.orm import Session

from ecrm.customers.timeline import heads
from ecrm.customers.timeline_sources import SOURCES, Asked
from tracking.identity import USUAL_WINDOW


@pytest.mark.parametrize("number", range(len(SOURCES)))
@pytest.mark.parametrize("below", [False, True])
def test_no_source_reads_its_whole_table(session: Session, number: int, below: bool) -> None:
    dialect = session.get_bind().dialect
    values = {"customer": 1, "limit": 31, "at": datetime(2026, 11, 1, tzinfo=UTC), "source": 3, "id": 9}
    used = {name: value for name, value in values.items() if below or name in {"customer", "limit"}}
    sent: list[tuple[str, Any]] = []
    connection = session.connection()
    sql_event.listen(connection, "before_cursor_execute", lambda *said: sent.append((said[2], said[3])))
    connection.execute(heads((number,), Asked(dialect.name, USUAL_WINDOW), below), used)
    written, parameters = sent[-1]
    if dialect.name == "postgresql":
        connection.execute(text("SET LOCAL enable_seqscan = off"))  # the tables are empty: it would read them whole
        plan = [str(row[0]) for row in connection.exec_driver_sql(f"EXPLAIN {written}", parameters)]
        assert [line for line in plan if "Seq Scan" in line] == []
    else:
        plan = [str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {written}", parameters)]
        read = [line for line in plan if line.startswith("SCAN ") and "USING" not in line]
        assert [line for line in read if line.removeprefix("SCAN ").startswith("ecrm_")] == []
