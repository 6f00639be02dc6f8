"""What a visit is counted as: where it came from, how far it went, and on which day, however its steps arrive."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from tracking.clickstream.dimensions import Audience, Source
from tracking.clickstream.ingest import ingest
from tracking.clickstream.rollups import AudienceDay, DayFigures, PageDay
from tracking.clickstream.sessions import SEVERAL, Session
from tracking.clickstream.touchpoints import Touchpoint
from tracking.customers import Customer
from tracking.visitors import Grade

from .clicks import ADA, BOB, NOON, TODAY, ZONE, audiences, pages, searched, seen, store, store_apart

GOOGLE = "https://www.google.com/"
LETTER = {"utm_source": "letter", "utm_medium": "email", "utm_campaign": "spring"}
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.0 Mobile/15E148 Safari/604.1"
)


def visits(session: OrmSession) -> list[Session]:
    session.expire_all()
    return list(session.scalars(select(Session).order_by(Session.started_at)))


def touches(session: OrmSession) -> list[tuple[str, float]]:
    """Source, and minutes after noon."""
    session.expire_all()
    query = select(Source.source, Touchpoint.at).join(Source, Source.id == Touchpoint.source_id)
    return [
        (row.source, (row.at - NOON).total_seconds() / 60) for row in session.execute(query.order_by(Touchpoint.at))
    ]


def audience(session: OrmSession, visit: Session) -> tuple[Any, ...]:
    row = session.get_one(Audience, visit.audience_id)
    return (session.get_one(Source, row.source_id).channel, row.device, row.country, row.is_returning)


def test_a_visit_knows_source_device_country_and_whether_the_browser_was_here_before(session: OrmSession) -> None:
    store(session, seen(referrer=GOOGLE, user_agent=PHONE, country="DE"), seen(minutes=200, country="DE"))
    first, second = visits(session)
    assert audience(session, first) == ("organic_search", "mobile", "DE", False)
    assert audience(session, second) == ("direct", "desktop", "DE", True)
    assert (first.day, first.entry_page_id is not None) == (TODAY, True)


def test_who_was_here_before_is_found_in_earlier_batches_too(session: OrmSession) -> None:
    store_apart(session, seen(), seen(minutes=200))
    assert [audience(session, visit)[3] for visit in visits(session)] == [False, True]


@pytest.mark.parametrize("keep", [store, store_apart])
def test_the_arrival_is_the_first_page_even_where_another_step_of_its_request_came_before(
    session: OrmSession, keep: Any
) -> None:
    keep(
        session,
        seen("Product Viewed", "7", referrer=GOOGLE, path="/p/7"),
        seen("Page Viewed", "/p/7", minutes=0.01, referrer=GOOGLE, properties=LETTER, path="/p/7"),
    )
    (visit,) = visits(session)
    assert audience(session, visit)[0] == "email"
    assert touches(session) == [("letter", 0.01)]
    assert audiences(session, "sessions", "page_views", "product_views", "stage_1") == {"letter": (1, 1, 1, 1)}
    assert pages(session, "entries", "entry_product_views") == {"/p/7": (1, 1)}


@pytest.mark.parametrize("keep", [store, store_apart])
def test_within_a_visit_only_another_tagged_source_is_a_touch(session: OrmSession, keep: Any) -> None:
    keep(
        session,
        seen(referrer=GOOGLE),
        seen(minutes=1, properties=LETTER),
        seen(minutes=2, properties=LETTER),  # the same page again
        seen(minutes=3, referrer="https://pay.example/done"),
        seen(minutes=4, properties={"click_id": "gclid"}),
        seen(minutes=5, properties=LETTER),
    )
    assert touches(session) == [("google", 0), ("letter", 1), ("google", 4), ("letter", 5)]
    assert audiences(session, "sessions", "page_views") == {"google": (1, 6)}


def test_a_direct_visit_leaves_no_touch(session: OrmSession) -> None:
    store(session, seen())
    assert touches(session) == []


@pytest.mark.parametrize("keep", [store, store_apart])
def test_a_bounce_is_none_any_more_once_something_else_happens(session: OrmSession, keep: Any) -> None:
    keep(session, seen(), seen("Product Viewed", "7", minutes=1))
    assert (audiences(session, "bounces"), visits(session)[0].bounced) == ({"direct": (1,)}, True)
    keep(session, seen("Product Added", "7", minutes=2))
    assert (audiences(session, "bounces"), visits(session)[0].bounced) == ({}, False)
    assert pages(session, "entries", "bounces", "entry_cart_adds") == {"/tea": (1, 0, 1)}


def test_a_visit_counts_for_every_stage_that_it_reached(session: OrmSession) -> None:
    store(session, seen(), seen("Checkout Started", "", minutes=1))
    store(session, seen(visitor_token=BOB), seen("Product Viewed", "7", visitor_token=BOB))
    stages = audiences(session, "stage_1", "stage_2", "stage_3", "stage_4", "checkouts")
    assert stages == {"direct": (2, 1, 1, 0, 1)}
    assert sorted(visit.stage for visit in visits(session)) == [1, 3]


def test_all_of_a_visit_counts_on_the_day_it_began(session: OrmSession) -> None:
    night = 10 * 60 + 50  # 23:50 in Berlin
    store_apart(session, seen(minutes=night), seen(minutes=night + 20))
    assert audiences(session, "sessions", "page_views") == {"direct": (1, 2)}
    tomorrow = session.get_one(DayFigures, TODAY + timedelta(days=1))
    assert (tomorrow.page_views, tomorrow.sessions) == (1, 0)


def test_a_step_from_before_midnight_that_comes_late_leaves_the_visits_day(session: OrmSession) -> None:
    midnight = 11 * 60
    store_apart(session, seen(minutes=midnight + 5), seen(minutes=midnight - 5))
    (visit,) = visits(session)
    assert visit.day == TODAY + timedelta(days=1)
    assert audiences(session, "page_views", day=visit.day) == {"direct": (2,)}


def test_a_browser_is_one_visitor_of_a_day_however_often_it_comes(session: OrmSession) -> None:
    store(session, seen(), seen(minutes=100), seen(minutes=3, visitor_token=BOB))
    store(session, seen(minutes=200), seen(minutes=2000))
    assert session.get_one(DayFigures, TODAY).visitors == 2
    assert session.get_one(DayFigures, TODAY + timedelta(days=1)).visitors == 1


def test_two_visits_that_a_late_step_would_connect_stay_two(session: OrmSession) -> None:
    store_apart(session, seen(), seen(minutes=40), seen(minutes=20))
    assert sorted(visit.page_views for visit in visits(session)) == [1, 2]


@pytest.mark.parametrize("keep", [store, store_apart])
def test_a_late_step_between_two_visits_belongs_to_the_later_one(session: OrmSession, keep: Any) -> None:
    store(session, seen(minutes=80))
    keep(session, seen(minutes=30), seen(minutes=55))
    assert [visit.page_views for visit in visits(session)] == [1, 2]


def test_a_step_looks_only_at_the_visits_near_it_however_many_the_browser_has(session: OrmSession) -> None:
    looked = 0

    class Counted(datetime):
        """A moment that counts how often it is compared with a visit's."""

        def __sub__(self, other: Any) -> Any:
            nonlocal looked
            looked += 1
            return super().__sub__(other)

    moments = (NOON - timedelta(minutes=31 * number) for number in range(1000))
    steps = [seen()._replace(at=Counted.fromtimestamp(at.timestamp(), UTC)) for at in moments]
    for batch in (steps[:500], steps[500:]):
        ingest(session, batch, ZONE)
        session.commit()
    assert len(visits(session)) == 1000
    assert looked < 10 * 1000


def test_engagement_adds_seconds_to_its_visit_and_page(session: OrmSession) -> None:
    store(session, seen(), seen("Page Engaged", minutes=1, properties={"seconds": 40, "scroll": 10}))
    store(session, seen("Page Engaged", minutes=2, properties={"seconds": "many"}))
    assert audiences(session, "seconds") == {"direct": (40,)}
    assert pages(session, "engagements", "seconds") == {"/tea": (2, 40)}


def test_a_visit_knows_who_was_signed_in_unless_it_was_two(session: OrmSession) -> None:
    for name in ("ada", "bob"):
        session.add(Customer(reference=name, email=f"{name}@example.com", created_at=NOON, traits={}))
    session.commit()
    ada = session.scalars(select(Customer.id).where(Customer.reference == "ada")).one()
    full: dict[str, Any] = {"grade": Grade.PERSONAL}
    store(session, seen(**full), seen(minutes=1, customer_reference="ada", **full))
    assert visits(session)[0].customer_id == ada
    store(session, seen(minutes=2, customer_reference="bob", **full))
    store(session, seen(minutes=3, customer_reference="ada", **full))
    assert visits(session)[0].customer_id == SEVERAL


@pytest.mark.parametrize("keep", [store, store_apart])
def test_a_visit_agreed_to_as_much_as_the_least_of_its_steps(session: OrmSession, keep: Any) -> None:
    full, some = Grade.PERSONAL, Grade.ANALYTICS
    keep(session, seen(grade=some), seen(minutes=1, grade=full), seen(minutes=99, grade=full))
    keep(session, seen(minutes=2, grade=full), seen(minutes=100, grade=full))
    assert [visit.grade for visit in visits(session)] == [some, full]


def test_a_visit_from_before_there_were_audiences_goes_on_uncounted(session: OrmSession) -> None:
    store(session, seen())
    visit = visits(session)[0]
    visit.day = visit.audience_id = visit.entry_page_id = None
    session.query(AudienceDay).delete()
    session.commit()
    store(session, seen(minutes=1))
    assert (visits(session)[0].page_views, audiences(session, "sessions")) == (2, {})


@pytest.mark.parametrize("seed", range(6))
def test_the_days_add_up_to_the_visits_whatever_the_batches(session: OrmSession, seed: int) -> None:
    chance = random.Random(seed)
    kinds = ["Page Viewed"] * 6 + ["Product Viewed", "Product Added", "Checkout Started", "Page Engaged"]
    steps = []
    for _ in range(150):
        name, token = chance.choice(kinds), chance.choice([ADA, BOB, "c" * 32])
        facts: dict[str, Any] = {"referrer": chance.choice(["", "", GOOGLE])}
        if name == "Page Viewed" and chance.random() < 0.2:
            facts["properties"] = LETTER
        if name == "Page Engaged":
            facts["properties"] = {"seconds": chance.randrange(90)}
        path = f"/{chance.randrange(4)}"
        steps.append(seen(name, path, minutes=chance.uniform(0, 2500), path=path, visitor_token=token, **facts))
    while steps:
        batch, steps = steps[: chance.randint(1, 25)], steps[25:]
        store(session, *batch)
    names = ("page_views", "product_views", "cart_adds", "checkouts", "seconds")
    expected: Counter[Any] = Counter()
    entries: Counter[Any] = Counter()
    for visit in visits(session):
        expected.update({(visit.day, visit.audience_id, name): getattr(visit, name) for name in names})
        stages = {f"stage_{stage}": int(visit.stage >= stage) for stage in range(1, 5)}
        for name, count in {"sessions": 1, "bounces": int(visit.bounced), **stages}.items():
            expected[visit.day, visit.audience_id, name] += count
        entries[visit.day, visit.entry_page_id, "entries"] += 1
        entries[visit.day, visit.entry_page_id, "bounces"] += int(visit.bounced)
        entries[visit.day, visit.entry_page_id, "entry_product_views"] += visit.product_views
    assert +expected == +_figures(session, AudienceDay, "audience_id", {name for *_, name in expected})
    assert +entries == +_figures(session, PageDay, "page_id", {name for *_, name in entries})


def _figures(session: OrmSession, record: Any, key: str, names: set[str]) -> Counter[tuple[date, int, str]]:
    return Counter(
        {
            (row.day, getattr(row, key), name): getattr(row, name)
            for row in session.scalars(select(record))
            for name in names
        }
    )


def test_a_search_in_a_visit_counts_there(session: OrmSession) -> None:
    store(session, searched("tea", "7"), searched("tea", "8", first=25, minutes=1))
    assert audiences(session, "searches") == {"direct": (1,)}
