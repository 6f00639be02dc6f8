"""Noticing delays: which parcels are looked at, and that many are looked at without trying each against all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session

from tracking.delivery import progress
from tracking.delivery.foretelling import Experience
from tracking.delivery.noticing import notice, open_shipments

NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)


def expected(session: Session, order: str, *, days_ago: int) -> None:
    at = NOW - timedelta(days=days_ago)
    progress.expect(session, order_reference=order, customer_id=None, at=at, promised_on=at.date())


def test_a_mark_is_written_without_trying_it_on_every_parcel_in_memory(session: Session) -> None:
    for number in range(3):
        expected(session, f"A{number}", days_ago=5)
    marks: list[Any] = []

    def executed(state: ORMExecuteState) -> None:
        if state.is_update:
            marks.append(state.execution_options.get("synchronize_session"))

    open_ = open_shipments(session, now=NOW)
    event.listen(session, "do_orm_execute", executed)
    found = notice(session, open_, Experience(), zone=ZoneInfo("Europe/Berlin"), now=NOW)
    assert (found, marks) == (list(open_), [False] * 3)


def test_a_parcel_that_nobody_ended_for_two_months_is_not_looked_at_any_more(session: Session) -> None:
    expected(session, "OLD", days_ago=61)
    expected(session, "NEW", days_ago=59)
    (found,) = open_shipments(session, now=NOW)
    assert [one.id for one in progress.shipments_of(session, "NEW")] == [found]
