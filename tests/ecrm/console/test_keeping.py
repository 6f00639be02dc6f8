"""The console shows the same before and after days are closed; commands say what they did, or why they can't."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from ecrm.access.audit import AuditEntry
from ecrm.ledger import PendingReaction
from ecrm.timetable import job_named
from tracking.clickstream.archive import ArchivedPart
from tracking.clickstream.event import Event
from tracking.clickstream.rollups import add_to_day
from tracking.clickstream.sessions import Session as Visit


@pytest.fixture(autouse=True)
def at_once(desk: Flask) -> None:
    desk.config["ECRM_ARCHIVE_AFTER_DAYS"] = "0"


def run(desk: Flask, *words: str) -> tuple[int, str]:
    result = desk.test_cli_runner().invoke(args=["ecrm", *words])
    return result.exit_code, result.output


def page(browser: FlaskClient, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200, path
    return re.sub(r'nonce="[^"]*"|value="[^"]{40,}"', "", answer.text)


def test_every_page_reads_the_same_from_the_archive(
    desk: Flask, browser: FlaskClient, ada: int, sessions: sessionmaker[Session]
) -> None:
    with sessions() as session:
        visit = session.scalars(select(Visit.id).order_by(Visit.id)).first()
        steps = session.scalars(select(Event).where(Event.session_id == visit)).all()
        search = next(step for step in steps if step.name == "Products Searched")
    paths = [
        "/console/events", "/console/events?name=Products+Searched", f"/console/events?visit={visit}",
        f"/console/events?customer={ada}", f"/console/events?day={search.happened_at.date()}",
        f"/console/events/{search.id}", f"/console/customers/{ada}?kind=search",
        f"/console/customers/{ada}/visits/{visit}",
    ]  # fmt: skip
    for path in paths:
        page(browser, path)  # the first look is written down, and the page of a customer may say so
    before = {path: page(browser, path) for path in paths}
    with desk.app_context():
        said = job_named("close-days").run(desk.extensions["ecrm"])
    with sessions() as session:
        archived = session.scalar(select(func.sum(ArchivedPart.rows)))
        assert session.get(Event, search.id) is None
    assert f"{archived} steps" in said
    assert {path: page(browser, path) for path in paths} == before
    assert f"/console/customers/{ada}/visits/{visit}" in page(browser, f"/console/customers/{ada}")  # the way to them
    assert browser.get("/console/events/999999").status_code == 404
    code, words = run(desk, "archive")
    assert code == 0
    assert f"{archived} steps of" in words


def test_days_are_counted_anew_and_put_right(desk: Flask, sessions: sessionmaker[Session]) -> None:
    day = (datetime.now(ZoneInfo("Europe/Berlin")) - timedelta(days=2)).date()
    with sessions.begin() as session:
        add_to_day(session, day, page_views=3)
    words = ("recompute", str(day), str(day))
    assert run(desk, *words) == (1, f"ecrm_day_figures {day}  page_views: 3 stored, 0 counted\n1 figures differ.\n")
    assert run(desk, *words, "--write")[1].endswith("1 figures differ and were put right.\n")
    assert run(desk, *words) == (0, "0 figures differ.\n")
    code, said = run(desk, "recompute", "2001-01-01", str(day))
    assert code == 1
    assert "can be counted anew" in said


def test_nothing_archived_is_said(desk: Flask) -> None:
    assert "Nothing is archived yet" in run(desk, "archive")[1]
    assert run(desk, "close-days") == (0, "0 rows of figures into sheets, 0 steps of 0 days into the archive\n")
    assert run(desk, "retain")[1].startswith("0 steps deleted")


def test_a_person_is_erased_with_a_reason_that_is_kept(
    desk: Flask, browser: FlaskClient, ada: int, sessions: sessionmaker[Session]
) -> None:
    run(desk, "close-days")
    with sessions.begin() as session:
        for owed in session.scalars(select(PendingReaction)):
            owed.state = "pending"
    code, words = run(desk, "erase-events", "ada@example.com", "--reason", "asked on 1 May", "--yes")
    assert code == 1
    assert "still owed" in words
    with sessions.begin() as session:
        for owed in session.scalars(select(PendingReaction)):
            owed.state = "done"
    code, words = run(desk, "erase-events", "ADA@example.com", "--reason", "asked on 1 May", "--yes")
    assert (code, words) == (0, words)
    with sessions() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "events_erased")).one()
        assert (entry.subject, entry.reason) == (f"customer:{ada}", "asked on 1 May")
        assert session.scalars(select(Event.id).where(Event.customer_id == ada)).all() == []
    assert not re.search(r"/console/events/\d", page(browser, f"/console/events?customer={ada}"))
    assert page(browser, f"/console/customers/{ada}")


@pytest.mark.parametrize("words", [("nobody@example.com", "--reason", "x", "--yes"), ("ada@example.com", "--yes")])
def test_without_a_person_or_a_reason_nothing_is_erased(desk: Flask, words: tuple[str, ...]) -> None:
    assert run(desk, "erase-events", *words)[0] != 0
