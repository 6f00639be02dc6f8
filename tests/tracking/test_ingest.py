"""From a visitor's steps to rows: who is kept, which visit a step belongs to, and what a day adds up to."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from tracking.clickstream.dimensions import Term
from tracking.clickstream.event import Event
from tracking.clickstream.ingest import ingest
from tracking.clickstream.rollups import DayFigures, TermDay
from tracking.clickstream.sessions import Session
from tracking.clickstream.sightings import Sighting
from tracking.customers import Customer
from tracking.visitors import Grade, Visitor, VisitorClaim

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"
TODAY = date(2026, 11, 20)
ADA = "a" * 32
BOB = "b" * 32


def seen(name: str = "Page Viewed", *, minutes: float = 0, **facts: Any) -> Sighting:
    given = {"user_agent": FIREFOX, "path": "/tea", "subject": "/tea", "visitor_token": ADA, "grade": Grade.ANALYTICS}
    return Sighting(at=NOON + timedelta(minutes=minutes), name=name, **{**given, **facts})


def store(session: OrmSession, *sightings: Sighting) -> None:
    ingest(session, sightings, "Europe/Berlin")
    session.commit()


def figures(session: OrmSession, day: date = TODAY) -> DayFigures:
    session.expire_all()
    return session.get_one(DayFigures, day)


def visits(session: OrmSession) -> list[Session]:
    session.expire_all()
    return list(session.scalars(select(Session).order_by(Session.started_at)))


def customer(session: OrmSession, reference: str) -> int:
    one = Customer(reference=reference, email=f"{reference}@example.com", created_at=NOON, traits={})
    session.add(one)
    session.commit()
    return one.id


def test_steps_less_than_thirty_minutes_apart_are_one_visit(session: OrmSession) -> None:
    store(session, seen(), seen(minutes=29), seen(minutes=58))
    (visit,) = visits(session)
    assert (visit.page_views, visit.last_at, visit.entry_path) == (3, NOON + timedelta(minutes=58), "/tea")


def test_thirty_minutes_of_silence_begin_another_visit(session: OrmSession) -> None:
    store(session, seen(), seen(minutes=30, path="/coffee", subject="/coffee"))
    assert [(visit.page_views, visit.entry_path) for visit in visits(session)] == [(1, "/tea"), (1, "/coffee")]
    assert figures(session).sessions == 2


def test_a_visit_goes_on_over_several_batches(session: OrmSession) -> None:
    for minutes in (0, 20, 40, 75):
        store(session, seen(minutes=minutes))
    assert [visit.page_views for visit in visits(session)] == [3, 1]
    assert session.scalars(select(Visitor.token)).all() == [ADA]


def test_a_step_that_arrives_late_still_finds_its_visit(session: OrmSession) -> None:
    store(session, seen(minutes=20))
    store(session, seen(minutes=5))
    (visit,) = visits(session)
    assert (visit.page_views, visit.started_at, visit.last_at) == (
        2, NOON + timedelta(minutes=5), NOON + timedelta(minutes=20),
    )  # fmt: skip


def test_steps_out_of_order_in_one_batch_are_put_in_order(session: OrmSession) -> None:
    store(session, seen(minutes=40), seen(minutes=0), seen(minutes=20))
    assert [visit.page_views for visit in visits(session)] == [3]


def test_two_browsers_have_visits_of_their_own(session: OrmSession) -> None:
    store(session, seen(), seen(visitor_token=BOB), seen(minutes=1))
    assert sorted(visit.page_views for visit in visits(session)) == [1, 2]


def test_a_visit_counts_what_was_done_in_it(session: OrmSession) -> None:
    found = {"query": "tea", "results": 4, "first_position": 1}
    store(
        session,
        seen("Product Viewed", subject="7"),
        seen("Products Searched", subject="tea", properties=found),
        seen("Product Added", subject="7"),
        seen("Checkout Started", subject=""),
    )
    (visit,) = visits(session)
    assert (visit.page_views, visit.product_views, visit.searches, visit.cart_adds) == (0, 1, 1, 1)
    day = figures(session)
    assert (day.product_views, day.searches, day.cart_adds, day.checkouts, day.sessions) == (1, 1, 1, 1, 1)


def test_leaving_a_page_open_overnight_makes_no_visit(session: OrmSession) -> None:
    store(session, seen())
    store(session, seen("Page Engaged", minutes=600, properties={"seconds": 12, "scroll": 80}))
    (visit,) = visits(session)
    assert visit.last_at == NOON
    event = session.scalars(select(Event).where(Event.name == "Page Engaged")).one()
    assert (event.session_id, event.visitor_id) == (None, visit.visitor_id)


@pytest.mark.parametrize("name", ["Identified (reported)", "Group Joined", "Aliased"])
def test_what_a_client_says_about_a_person_is_no_visit(session: OrmSession, name: str) -> None:
    store(session, seen(name, subject=""))
    assert visits(session) == []
    assert session.scalars(select(Event)).one().session_id is None
    store(session, seen(minutes=1), seen(name, subject="", minutes=2))
    (visit,) = visits(session)
    assert visit.page_views == 1
    assert session.scalars(select(Event.session_id).order_by(Event.id)).all() == [None, visit.id, visit.id]


def test_without_consent_a_page_is_counted_and_leads_to_nobody(session: OrmSession) -> None:
    customer(session, "ada")
    store(session, seen(grade=Grade.NONE, customer_reference="ada"))
    event = session.scalars(select(Event)).one()
    assert (event.visitor_id, event.session_id, event.customer_id) == (None, None, None)
    assert session.scalars(select(Visitor)).all() == []
    assert (figures(session).page_views, figures(session).sessions) == (1, 0)


def test_statistics_alone_never_join_a_step_to_the_customer(session: OrmSession) -> None:
    customer(session, "ada")
    store(session, seen(customer_reference="ada"))
    event = session.scalars(select(Event)).one()
    assert event.visitor_id is not None
    assert event.customer_id is None
    assert session.scalars(select(VisitorClaim)).all() == []


def test_with_full_consent_a_customers_step_is_joined_and_the_browser_claimed_once(session: OrmSession) -> None:
    ada = customer(session, "ada")
    full = {"grade": Grade.PERSONAL, "customer_reference": "ada"}
    store(session, seen(**full), seen(minutes=1, **full))
    store(session, seen(minutes=2, **full))
    assert set(session.scalars(select(Event.customer_id))) == {ada}
    assert [claim.customer_id for claim in session.scalars(select(VisitorClaim))] == [ada]


def test_a_customer_that_the_crm_does_not_know_yet_is_no_error(session: OrmSession) -> None:
    store(session, seen(grade=Grade.PERSONAL, customer_reference="nobody"))
    assert session.scalars(select(Event.customer_id)).one() is None


@pytest.mark.parametrize("agent", ["", "Googlebot/2.1", "curl/8.5", "python-requests/2.32"])
def test_bots_are_counted_apart_and_leave_nothing_else(session: OrmSession, agent: str) -> None:
    store(session, seen(user_agent=agent), seen("Product Viewed", user_agent=agent))
    assert (figures(session).bot_views, figures(session).page_views, figures(session).sessions) == (1, 0, 0)
    assert session.scalars(select(Event)).all() == []
    assert session.scalars(select(Visitor)).all() == []


def test_a_day_begins_at_midnight_in_the_shops_own_zone(session: OrmSession) -> None:
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)  # half past midnight in Berlin
    ingest(session, [Sighting(at=late, name="Page Viewed", user_agent=FIREFOX)], "Europe/Berlin")
    session.commit()
    assert figures(session, date(2026, 11, 21)).page_views == 1


def test_searches_are_counted_by_term_and_further_pages_are_no_new_search(session: OrmSession) -> None:
    def search(query: str, results: int, first: int = 1) -> Sighting:
        found = {"query": query, "results": results, "first_position": first}
        return seen("Products Searched", subject=query, properties=found)

    store(session, search("Green  TEA", 30), search("green tea", 30, first=25), search("unicorn", 0))
    store(session, search("ｇｒｅｅｎ tea", 30), search("   ", 0))
    session.expire_all()
    query = select(Term.term, TermDay.searches, TermDay.zero_results).join(Term, Term.id == TermDay.term_id)
    rows = {row.term: (row.searches, row.zero_results) for row in session.execute(query)}
    assert rows == {"green tea": (2, 0), "unicorn": (1, 1)}
    assert figures(session).searches == 4


def test_what_no_database_takes_is_cut_or_replaced_instead_of_lost(session: OrmSession) -> None:
    odd = {"query": "a\x00b\ud800", "results": 1, "more": ["\x00", {"\x00k": "v"}]}
    store(session, seen("Products Searched", subject="a\x00b\ud800" + "x" * 500, properties=odd, path="/" + "p" * 900))
    event = session.scalars(select(Event)).one()
    assert event.subject.startswith("ab?x")
    assert len(event.subject) == 200
    assert event.properties["more"] == ["", {"k": "v"}]
    assert len(visits(session)[0].entry_path) == 200


def test_where_a_visit_came_from_is_kept_with_it(session: OrmSession) -> None:
    store(session, seen(referrer="https://search.example/find"), seen(minutes=1))
    assert visits(session)[0].referrer == "https://search.example/find"


def test_an_empty_batch_is_fine(session: OrmSession) -> None:
    assert ingest(session, [], "Europe/Berlin") == 0
