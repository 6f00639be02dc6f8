"""`ECRM.tell` in a host: it fails where the host can act, and never after the host's commit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from ecrm import ECRM, events
from ecrm.history import backfill
from ecrm.identification import CONSENT_COOKIE, VISITOR_COOKIE
from tracking.clickstream.event import Event
from tracking.clickstream.rollups import DayFigures

from .kites import AT, Kites, open_kites, order, person, refunded, shipped, signed_up


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Iterator[Kites]:
    kites = open_kites(engine, tmp_path)
    with kites.app.app_context():
        yield kites


@pytest.mark.parametrize("nth", [1, 2])
def test_a_database_that_fails_after_the_commit_is_not_the_hosts_error(
    kites: Kites, engine: Engine, caplog: pytest.LogCaptureFixture, nth: int
) -> None:
    asked = 0

    def fail(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        nonlocal asked
        if "ecrm_reaction" in statement:
            asked += 1
            if asked >= nth:
                raise OperationalError(statement, {}, Exception("the server closed the connection"))

    host = Session(engine)
    ECRM().tell(order(), session=host)
    event.listen(engine, "before_cursor_execute", fail)
    host.commit()
    event.remove(engine, "before_cursor_execute", fail)
    assert "left to the job" in caplog.text
    assert len(kites.all(Event)) == 1
    assert "confirm_order" in kites.owed()


def test_a_browser_stands_on_what_its_person_did_and_on_nothing_that_staff_did(kites: Kites) -> None:
    told = [order(), shipped(), refunded(), signed_up()]
    token = "f" * 32
    cookies = {"HTTP_COOKIE": f"{CONSENT_COOKIE}=2; {VISITOR_COOKIE}={token}"}
    for one in told:
        with kites.app.test_request_context(environ_overrides=cookies):
            ECRM().tell(one)
    kept = {row.name: (row.properties.get("visitor"), row.visitor_id is not None) for row in kites.all(Event)}
    assert kept == {
        "Order Completed": (token, True),
        "Order Shipped": (None, False),
        "Order Refunded": (None, False),
        "Signed Up": (token, True),
    }


@pytest.mark.parametrize(
    "told",
    [
        order(currency="JPY"),
        events.OrderRefunded(at=AT, refund_id="R1", order_id=None, person=person(), currency="JPY", amount_minor=5),
    ],
    ids=["order", "refund"],
)
def test_money_of_another_currency_is_refused_and_never_added_up(kites: Kites, told: events.Told) -> None:
    with pytest.raises(ValueError, match="JPY, but the shop's currency is EUR; convert"):
        ECRM().tell(told)
    with pytest.raises(ValueError, match="JPY"):
        backfill(kites.crm, [order("A2"), told])
    assert (kites.all(Event), kites.all(DayFigures)) == ([], [])


def test_what_is_told_live_while_history_is_written_is_told_once(kites: Kites, engine: Engine) -> None:
    raced = False

    def race(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        nonlocal raced
        if not raced and statement.startswith("SELECT ecrm_event.message_id"):
            raced = True
            kites.tell(order("A1"), react=False)

    event.listen(engine, "after_cursor_execute", race)
    report = backfill(kites.crm, [order("A1"), order("A2")])
    event.remove(engine, "after_cursor_execute", race)
    assert raced
    assert (report.events, report.known) == (1, 1)
    assert sorted(str(row.order_reference) for row in kites.all(Event)) == ["A1", "A2"]
