"""One timeline: complete, in order, in pages, and only of this person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event as sql_event
from sqlalchemy.orm import Session

from ecrm.customers.profile import profile, value_of
from ecrm.customers.timeline import STEPS_SHOWN, Cursor, Kind, timeline
from tracking.clickstream.event import Event
from tracking.clickstream.sessions import Session as Visit
from tracking.customers import Customer
from tracking.orders import SeenOrder, SeenRefund
from tracking.visitors import Visitor, VisitorClaim

from .console.host import TODAY, fill, fill_voice

NOW = TODAY


@pytest.fixture
def ada(session: Session) -> int:
    number = fill(session)
    fill_voice(session, number)  # a new kind needs a row there
    session.commit()
    return number


def kinds(session: Session, customer_id: int, **wanted: object) -> list[str]:
    return [entry.kind.value for entry in timeline(session, customer_id, **wanted).entries]  # type: ignore[arg-type]


def test_everything_about_a_person_stands_in_one_list_newest_first(session: Session, ada: int) -> None:
    entries = timeline(session, ada).entries
    assert {entry.kind for entry in entries} == set(Kind)
    moments = [entry.at for entry in entries]
    assert moments == sorted(moments, reverse=True)
    assert kinds(session, ada).count("email") == 2


def test_a_shared_browsers_visits_are_nobodys(session: Session, ada: int) -> None:
    visits = [entry.record.entry_path for entry in timeline(session, ada, kinds=[Kind.VISIT]).entries]
    assert visits == ["/"]


def test_visits_and_searches_from_long_before_the_claim_are_nobodys(session: Session, ada: int) -> None:
    # given: a browser with a visit and a search 40 and 20 days before its claim
    browser = Visitor(token="e" * 32, first_seen_at=NOW)
    session.add(browser)
    session.flush()
    session.add(VisitorClaim(visitor_id=browser.id, customer_id=ada, claimed_at=NOW, how="signed in"))
    for days in (40, 20):
        at = NOW - timedelta(days=days)
        visit = Visit(visitor_id=browser.id, started_at=at, last_at=at, entry_path=f"/{days}", grade=2)
        session.add(visit)
        session.flush()
        search = Event(
            name="Products Searched", happened_at=at, visitor_id=browser.id, session_id=visit.id, subject=str(days)
        )
        session.add(search)
    session.flush()

    # then
    found = timeline(session, ada, kinds=[Kind.VISIT, Kind.SEARCH]).entries
    assert {one.record.entry_path for one in found if one.kind is Kind.VISIT} == {"/", "/20"}
    assert {one.record.subject for one in found if one.kind is Kind.SEARCH} >= {"20"}
    assert "40" not in {one.record.subject for one in found if one.kind is Kind.SEARCH}
    longer = timeline(session, ada, window=timedelta(days=60), kinds=[Kind.VISIT]).entries
    assert "/40" in {one.record.entry_path for one in longer}


def test_a_visit_carries_its_steps_in_order_and_says_that_it_is_simulated(session: Session, ada: int) -> None:
    (visit,) = timeline(session, ada, kinds=[Kind.VISIT]).entries
    assert visit.simulated
    assert [step.name for step in visit.steps] == ["Products Searched", "Product Viewed"]


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_pages_of_any_size_make_up_the_whole_without_gap_or_double(session: Session, ada: int, limit: int) -> None:
    whole = [(entry.kind, entry.id, entry.source) for entry in timeline(session, ada, limit=100).entries]
    paged, before = [], None
    while True:
        page = timeline(session, ada, before=before, limit=limit)
        paged += [(entry.kind, entry.id, entry.source) for entry in page.entries]
        if page.next is None:
            break
        before = Cursor.parse(str(page.next))
    assert paged == whole


def test_things_of_the_same_moment_are_neither_lost_nor_doubled_between_pages(session: Session) -> None:
    person = Customer(email="a@example.com", traits={}, created_at=NOW)
    session.add(person)
    session.flush()
    for number in range(4):
        session.add(
            SeenOrder(
                reference=f"O{number}", customer_id=person.id, placed_at=NOW, currency="EUR", goods_minor=9,
                total_minor=9,
            )
        )  # fmt: skip
        session.add(SeenRefund(reference=f"R{number}", customer_id=person.id, refunded_at=NOW, amount_minor=1))
    session.flush()
    seen: list[str] = []
    before = None
    for _page in range(8):
        page = timeline(session, person.id, before=before, limit=1)
        seen.append(page.entries[0].record.reference)
        before = page.next
    assert before is None
    assert sorted(seen) == ["O0", "O1", "O2", "O3", "R0", "R1", "R2", "R3"]


@pytest.mark.parametrize("text", ["", "x", "2026-11-20~1", "2026-11-20T00:00:00~1~2", "2026-11-20T00:00:00+00:00~1~-4"])
def test_a_damaged_cursor_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (the console turns any of them into one message)
        Cursor.parse(text)


def test_a_page_costs_the_same_number_of_queries_however_long_the_history(session: Session, ada: int) -> None:
    browser = Visitor(token="d" * 32, first_seen_at=NOW)
    session.add(browser)
    session.flush()
    session.add(VisitorClaim(visitor_id=browser.id, customer_id=ada, claimed_at=NOW, how="order"))
    for number in range(300):
        at = NOW - timedelta(hours=number)
        session.add(Visit(visitor_id=browser.id, started_at=at, last_at=at, grade=2))
        session.add(
            Event(
                message_id=f"s{number}", name="Products Searched", happened_at=at, visitor_id=browser.id, subject="tea"
            )
        )
    session.flush()
    statements: list[str] = []
    sql_event.listen(session.get_bind(), "before_cursor_execute", lambda *args: statements.append(args[2]))
    timeline(session, ada, kinds=[Kind.SEARCH, Kind.ORDER, Kind.EMAIL], limit=20)
    assert len(statements) <= 6
    statements.clear()
    page = timeline(session, ada, kinds=[Kind.VISIT], limit=30)
    assert len(page.entries) == 30
    assert len(statements) <= 4


def test_each_visit_shows_its_own_first_steps_however_long_another_is(session: Session, ada: int) -> None:
    browser = Visitor(token="d" * 32, first_seen_at=NOW)
    session.add(browser)
    session.flush()
    session.add(VisitorClaim(visitor_id=browser.id, customer_id=ada, claimed_at=NOW, how="order"))
    for visit_number, steps in enumerate((STEPS_SHOWN + 5, 2)):
        start = TODAY + timedelta(days=1, hours=visit_number)
        visit = Visit(visitor_id=browser.id, started_at=start, last_at=start + timedelta(minutes=50), grade=2)
        session.add(visit)
        session.flush()
        for number in range(steps):
            session.add(
                Event(
                    message_id=f"{visit_number}-{number}", name="Page Viewed", subject=f"/{visit_number}/{number}",
                    happened_at=start + timedelta(minutes=number), visitor_id=browser.id, session_id=visit.id,
                )
            )  # fmt: skip
    session.flush()
    short, long = timeline(session, ada, kinds=[Kind.VISIT], limit=2).entries
    assert [step.subject for step in short.steps] == ["/1/0", "/1/1"]
    assert [step.subject for step in long.steps] == [f"/0/{number}" for number in range(STEPS_SHOWN)]


def test_what_a_customer_is_worth_nets_every_refund_also_one_without_an_order(session: Session, ada: int) -> None:
    worth = value_of(session, ada)
    assert (worth.orders, worth.gross_minor, worth.refunded_minor, worth.net_minor) == (1, 2490, 590, 1900)


def test_a_profile_holds_the_addresses_the_lines_and_the_parcels(session: Session, ada: int) -> None:
    known = profile(session, ada)
    assert known is not None
    assert known.addresses == ("ada@example.com", "ada@work.example")
    assert known.browsers == 1
    assert [line.name for line in known.orders[0].lines] == ["Espresso Beans"]
    assert known.orders[0].shipments[0].carrier == "DHL"
    assert profile(session, 10**9) is None
