"""The raw log counted anew, by SQL of its own, says what the roll-ups say, be days open, closed or archived."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session, sessionmaker

from tracking.clickstream.archive import Archive
from tracking.clickstream.archiving import archive_day
from tracking.clickstream.closing import close_day
from tracking.clickstream.ingest import ingest
from tracking.clickstream.log import Log
from tracking.clickstream.recompute import Difference, put_right, recompute
from tracking.clickstream.rollups import AudienceDay, PageDay, add_to
from tracking.clickstream.sheets import FAMILIES
from tracking.clickstream.sightings import Sighting
from tracking.visitors import Grade

from .clicks import NOON, TODAY, ZONE, searched, seen

DAYS = [TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=1)]
PRODUCTS = ["1", "2", "3", "4"]
TERMS = ["Tea", "tea ", "Coffee", "ｃｏｆｆｅｅ", "", "rare"]


def somebody(chance: random.Random) -> dict[str, object]:
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


def test_a_day_without_anything_is_right(session: Session) -> None:
    assert recompute(session, Log(session, None), TODAY, TODAY, zone=ZONE) == []
    assert NOON.date() == TODAY
