"""The raw log counted anew, by SQL of its own, says what the roll-ups say, be days open, closed or archived."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session, sessionmaker

from tracking.clickstream.archive import Archive
from tracking.clickstream.archiving import archive_day
from tracking.clickstream.closing import close_day
from tracking.clickstream.erasure import erase_person
from tracking.clickstream.forgotten_days import forgotten_days, note_days_of_person
from tracking.clickstream.ingest import ingest
from tracking.clickstream.log import Log
from tracking.clickstream.recompute import Difference, at_one_moment, put_right, recompute
from tracking.clickstream.rollups import AudienceDay, PageDay, add_to
from tracking.clickstream.sheets import FAMILIES
from tracking.clickstream.sightings import Sighting
from tracking.customers import Customer
from tracking.visitors import Grade

from .clicks import BOB, NOON, TODAY, ZONE, searched, seen

DAYS = [TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=1)]
PRODUCTS = ["1", "2", "3", "4"]
TERMS = ["Tea", "tea ", "Coffee", "ｃｏｆｆｅｅ", "", "rare"]


def somebody(chance: random.Random) -> dict[str, Any]:
    return {
        "visitor_token": chance.choice("abcdef") * 32,
        "grade": chance.choice([Grade.NONE, Grade.ANALYTICS, Grade.ANALYTICS]),
        "user_agent": chance.choice(
            ["Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Firefox/143.0"] * 9 + ["Googlebot/2.1"]
        ),
    }


def something(chance: random.Random, minutes: float) -> Sighting:
    facts = somebody(chance)
    shown = chance.sample(PRODUCTS, chance.randrange(4))
    kind = chance.randrange(8)
    if kind == 0:
        return searched(chance.choice(TERMS), *shown, minutes=minutes, first=chance.choice([1, 1, 25]), **facts)
    if kind in {1, 2}:
        name = chance.choice(["Product Viewed", "Product Added", "Product Removed"])
        return seen(name, chance.choice(PRODUCTS), minutes=minutes, **facts)
    if kind == 3:
        seconds = chance.choice([7, 2.9, 10**6, -1, "many", None])
        return seen(
            "Page Engaged", chance.choice(["/tea", "/new"]), minutes=minutes, properties={"seconds": seconds}, **facts
        )
    if kind == 4:
        listed = [*shown, *shown, 5, ""]
        return seen("Product List Viewed", "tea", minutes=minutes, properties={"product_ids": listed}, **facts)
    if kind == 5:
        return seen("Checkout Started", "", minutes=minutes, **facts)
    taken = {"milliseconds": chance.choice([0, 3, 250, 10**6, -4])}
    referrer = chance.choice(["", "https://www.google.com/"])
    return seen(subject=chance.choice(["/tea", "/", ""]), minutes=minutes, properties=taken, referrer=referrer, **facts)


def fill(session: Session, seed: int) -> None:
    chance = random.Random(seed)
    minutes = sorted(chance.random() * 3 * 1440 - 1440 for _ in range(300))
    steps = [something(chance, minute) for minute in minutes]
    while steps:
        size = chance.randrange(1, 40)
        ingest(session, steps[:size], ZONE)
        session.commit()
        steps = steps[size:]


@pytest.mark.parametrize("seed", range(4))
def test_open_closed_and_archived_days_are_what_the_raw_log_says(
    sessions: sessionmaker[Session], tmp_path: Path, seed: int
) -> None:
    archive = Archive(tmp_path / "archive")
    with sessions() as session:
        fill(session, seed)
        assert recompute(session, Log(session, archive), DAYS[0], DAYS[2], zone=ZONE) == []
        for record in FAMILIES:
            close_day(session, record, DAYS[0])
            close_day(session, record, DAYS[1])
        session.commit()
    archive_day(sessions, archive, DAYS[0], zone=ZONE, told=())
    with sessions() as session:
        log = Log(session, archive)
        assert recompute(session, log, DAYS[0], DAYS[2], zone=ZONE) == []
        assert recompute(session, log, DAYS[1], DAYS[1], zone=ZONE) == []


def test_a_repeat_of_an_archived_message_is_counted_once(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive")
    with sessions.begin() as session:
        ingest(session, [seen(message_id="m1"), seen(message_id="m0", minutes=1)], ZONE, archive=archive)
    archive_day(sessions, archive, TODAY, zone=ZONE, told=())
    with sessions.begin() as session:
        assert ingest(session, [seen(message_id="m1"), seen(message_id="m2")], ZONE, archive=archive) == 1
        assert recompute(session, Log(session, archive), TODAY, TODAY, zone=ZONE) == []


def test_a_wrong_figure_is_named_and_put_right(session: Session) -> None:
    ingest(session, [seen(), seen(subject="/", minutes=1)], ZONE)
    close_day(session, AudienceDay, TODAY)
    log = Log(session, None)
    assert recompute(session, log, TODAY, TODAY, zone=ZONE) == []
    add_to(session, AudienceDay, {"day": TODAY, "audience_id": 77}, {"orders": 1})
    session.execute(delete(PageDay))
    found = recompute(session, log, TODAY, TODAY, zone=ZONE)
    assert Difference(AudienceDay, TODAY, (77,), "orders", 1, 0) in found
    assert {one.record for one in found} == {AudienceDay, PageDay}
    assert str(found[0]) == f"ecrm_audience_day {TODAY} 77 orders: 1 stored, 0 counted"
    put_right(session, found)
    assert recompute(session, log, TODAY, TODAY, zone=ZONE) == []


def test_a_step_that_comes_in_while_the_days_are_counted_anew_is_not_taken_for_a_mistake(
    sessions: sessionmaker[Session],
) -> None:
    class Slow(Log):
        """While it is read, somebody looks at a page."""

        def frame(self, first: date, last: date, zone: str) -> Any:
            found = super().frame(first, last, zone)
            with sessions.begin() as other:
                ingest(other, [seen(minutes=5), searched("tea", "1", minutes=6)], ZONE)
            return found

    with sessions.begin() as session:
        ingest(session, [seen()], ZONE)
    with at_one_moment(sessions) as session:
        assert recompute(session, Slow(session, None), TODAY, TODAY, zone=ZONE) == []
    with at_one_moment(sessions) as session:
        assert recompute(session, Log(session, None), TODAY, TODAY, zone=ZONE) == []


def test_days_of_which_somebody_was_erased_are_left_as_they_are(
    sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    # given: a customer who came on two days, and somebody else who came on a third as well
    archive = Archive(tmp_path / "archive")
    ada: dict[str, Any] = {"customer_reference": "ada", "grade": Grade.PERSONAL}
    with sessions.begin() as session:
        session.add(Customer(reference="ada", email="ada@example.com", created_at=NOON, traits={}))
        session.flush()
        ingest(session, [seen(**ada), seen(minutes=11 * 60 - 5, **ada), seen(minutes=11 * 60 + 5, **ada)], ZONE)
        ingest(session, [seen(visitor_token=BOB, minutes=minutes) for minutes in (0, -1440, 1440)], ZONE)
    # when
    with sessions.begin() as session:
        customer = session.scalars(select(Customer.id)).one()
        note_days_of_person(session, customer, today=TODAY, zone=ZONE)
        erase_person(session, archive, customer, told=())
    # then: what she did stays counted, and isn't taken for a mistake
    with sessions.begin() as session:
        assert forgotten_days(session, *DAYS[::2]) == DAYS[1:]
        add_to(session, PageDay, {"day": DAYS[0], "page_id": 1}, {"views": 1})
        found = recompute(session, Log(session, archive), DAYS[0], DAYS[2], zone=ZONE)
        assert [(one.day, one.figure) for one in found] == [(DAYS[0], "views")]


def test_a_day_without_anything_is_right(session: Session) -> None:
    assert recompute(session, Log(session, None), TODAY, TODAY, zone=ZONE) == []
    assert NOON.date() == TODAY
