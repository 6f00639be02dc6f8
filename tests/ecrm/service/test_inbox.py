"""The inbox's lists: in order over several pages, and read by an index."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import event as sql_event
from sqlalchemy.orm import Session

from ecrm.service import inbox
from ecrm.service.cases import Case, State
from ecrm.service.inbox import Desk, Filters, View

NOW = datetime(2026, 6, 10, 10, 0, tzinfo=UTC)
DESK = Desk("7", None)


def fill(session: Session, count: int) -> list[str]:
    """Cases of all states, several at one moment; says the solved ones, the newest first."""
    dice = random.Random(7)
    made = [
        Case(
            reference=f"C-{number}", channel="email", kind="question", subject="?", state=dice.choice(list(State)),
            opened_at=NOW, last_message_at=NOW - timedelta(hours=dice.randrange(count // 3)),
        )
        for number in range(count)
    ]  # fmt: skip
    session.add_all(made)
    session.flush()
    solved = [case for case in made if case.state in (State.SOLVED, State.CLOSED)]
    return [case.reference for case in sorted(solved, key=lambda case: (case.last_message_at, case.id), reverse=True)]


def test_solved_and_closed_cases_stand_in_one_order_over_all_pages(session: Session) -> None:
    expected = fill(session, 60)
    found: list[str] = []
    after = None
    while not found or after is not None:
        page = inbox.page(session, View.SOLVED, Filters(), desk=DESK, now=NOW, after=after, limit=7)
        found += [case.reference for case in page.cases]
        after = page.next
    assert found == expected


def test_no_list_of_solved_cases_is_sorted_as_a_whole(session: Session) -> None:
    if session.get_bind().dialect.name != "sqlite":
        return  # of tables without rows, its planner says nothing of the full ones
    sent: list[tuple[str, Any]] = []
    connection = session.connection()
    sql_event.listen(connection, "before_cursor_execute", lambda *said: sent.append((said[2], said[3])))
    inbox.page(session, View.SOLVED, Filters(), desk=DESK, now=NOW, after=(NOW, 5))
    for written, parameters in [one for one in sent if "ecrm_case" in one[0]]:
        plan = [str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {written}", parameters)]
        assert not [line for line in plan if "TEMP B-TREE" in line or line.startswith("SCAN")], plan
