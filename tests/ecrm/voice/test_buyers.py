"""Verified buyers are found by their own orders, however many parcels ever arrived."""

from __future__ import annotations

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from ecrm.voice.buyers import is_buyer


@pytest.mark.sqlite_only
def test_no_index_of_what_ever_arrived_is_walked_through(session: Session) -> None:
    asked: list[tuple[str, object]] = []
    bind = session.get_bind()
    event.listen(bind, "before_cursor_execute", lambda _c, _u, words, given, *_: asked.append((words, given)))
    is_buyer(session, 1, "2")
    words, given = asked[-1]
    plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {words}", given).all()
    steps = [str(row[-1]) for row in plan if "ecrm_shipment " in str(row[-1])]
    assert len(steps) == 3
    assert all("(order_reference=?)" in step for step in steps), steps
