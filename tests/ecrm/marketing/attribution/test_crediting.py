"""Told orders and refunds are credited by reactions; what reactions missed, the job finds."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, select, update

from ecrm.events import SignedIn
from ecrm.marketing.attribution.booking import rebook
from ecrm.marketing.attribution.credits import Credit, CreditDay
from ecrm.marketing.attribution.missing import attribute_nightly, book_missing
from ecrm.marketing.attribution.models import ALL_MODELS, Model
from ecrm.marketing.attribution.rules import Rules
from ecrm.timetable import job_named
from tests.ecrm.kites import AT, Kites, open_kites, order, person, refunded, signed_up
from tests.tracking.clicks import FIREFOX
from tracking.clickstream.dimensions import Source
from tracking.clickstream.ingest import ingest
from tracking.clickstream.sessions import Session as Visit
from tracking.clickstream.sightings import Sighting
from tracking.clickstream.touchpoints import Touchpoint
from tracking.visitors import Grade, Visitor

TOKEN = "a" * 32
ADA, EVE = person(account="1"), person("eve@example.com", "2")


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    return open_kites(engine, tmp_path)


def visit(kites: Kites, channel: str, *, days: float = 0.01, grade: Grade = Grade.PERSONAL) -> None:
    at = AT - timedelta(days=days)
    with kites.crm.sessions.begin() as session:
        visitor = session.scalar(select(Visitor).where(Visitor.token == TOKEN))
        if visitor is None:
            visitor = Visitor(token=TOKEN, first_seen_at=at)
            session.add(visitor)
        source = Source(channel=channel, source=channel)
        session.add(source)
        session.flush()
        ended = at + timedelta(minutes=5)
        seen = Visit(visitor_id=visitor.id, started_at=at, last_at=ended, day=at.date(), grade=int(grade))
        session.add(seen)
        session.flush()
        session.add(Touchpoint(kind="visit", at=at, source_id=source.id, visitor_id=visitor.id, session_id=seen.id))


def credited(kites: Kites) -> list[tuple[str, str, int, int]]:
    with kites.session() as session:
        rows = session.execute(
            select(Credit, Source.channel).outerjoin(Source, Source.id == Credit.source_id).order_by(Credit.id)
        )
        return [(row.kind, channel or row.why, row.amount_minor, row.models) for row, channel in rows]


def test_an_order_and_its_refund_are_credited_as_soon_as_they_are_told(kites: Kites) -> None:
    visit(kites, "referral")
    kites.tell(order(), visitor=TOKEN, grade=Grade.PERSONAL)
    kites.tell(refunded(amount=1000))
    assert credited(kites) == [
        ("order", "referral", 3500, ALL_MODELS), ("refund", "referral", -1000, ALL_MODELS),
    ]  # fmt: skip
    assert kites.owed() == []


def test_an_order_is_credited_anew_when_its_customer_is_known_in_the_browser_that_led_to_it(kites: Kites) -> None:
    visit(kites, "referral", days=3)
    kites.tell(order(who=ADA), visitor="b" * 32, grade=Grade.PERSONAL)
    assert credited(kites) == [("order", "no visit known", 3500, ALL_MODELS)]
    signed_in = SignedIn(at=AT + timedelta(days=1), person=ADA, sign_in_id="1")
    kites.tell(signed_in, visitor=TOKEN, grade=Grade.PERSONAL)
    assert credited(kites) == [("order", "referral", 3500, ALL_MODELS)]
    assert kites.owed() == []


def test_a_browser_that_another_signs_in_to_explains_the_first_ones_order_no_more(kites: Kites) -> None:
    visit(kites, "referral", days=3)
    kites.tell(SignedIn(at=AT - timedelta(days=2), person=ADA, sign_in_id="1"), visitor=TOKEN, grade=Grade.PERSONAL)
    kites.tell(order(who=ADA), visitor="b" * 32, grade=Grade.PERSONAL)
    assert credited(kites) == [("order", "referral", 3500, ALL_MODELS)]
    kites.tell(SignedIn(at=AT + timedelta(days=1), person=EVE, sign_in_id="2"), visitor=TOKEN, grade=Grade.ANALYTICS)
    assert credited(kites) == [("order", "referral", 3500, ALL_MODELS)]
    kites.tell(SignedIn(at=AT + timedelta(days=1), person=EVE, sign_in_id="3"), visitor=TOKEN, grade=Grade.PERSONAL)
    assert credited(kites) == [("order", "no visit known", 3500, ALL_MODELS)]


def test_without_consent_to_be_joined_the_order_says_so(kites: Kites) -> None:
    visit(kites, "referral")
    kites.tell(order(), visitor=TOKEN, grade=Grade.ANALYTICS)
    assert credited(kites) == [("order", "not joined", 3500, ALL_MODELS)]


def test_a_visit_that_agreed_to_be_joined_only_later_explains_nothing_and_the_order_says_so(kites: Kites) -> None:
    visit(kites, "referral", grade=Grade.ANALYTICS)
    kites.tell(order(), visitor=TOKEN, grade=Grade.PERSONAL)
    assert credited(kites) == [("order", "not joined", 3500, ALL_MODELS)]


def test_an_earlier_visit_that_agreed_explains_the_order_where_the_last_one_did_not(kites: Kites) -> None:
    visit(kites, "email", days=3)
    visit(kites, "referral", grade=Grade.ANALYTICS)
    kites.tell(order(), visitor=TOKEN, grade=Grade.PERSONAL)
    assert credited(kites) == [("order", "email", 3500, ALL_MODELS)]


def test_an_order_that_named_a_visit_which_agreed_to_less_is_not_explained_by_it(kites: Kites) -> None:
    visit(kites, "referral")
    kites.tell(order(), visitor=TOKEN, grade=Grade.PERSONAL)
    with kites.crm.sessions.begin() as session:
        session.execute(update(Visit).values(grade=int(Grade.ANALYTICS)))
        rebook(session, [1], rules=Rules("Europe/Berlin"))
    assert credited(kites) == [("order", "not joined", 3500, ALL_MODELS)]


def test_codes_need_no_consent(kites: Kites) -> None:
    kites.tell(order(codes=("TEA-5",)))
    assert credited(kites) == [("order", "post", 3500, ALL_MODELS)]


def test_a_refund_that_names_no_order_is_taken_from_nothing_known(kites: Kites) -> None:
    kites.tell(refunded(number=None))
    assert credited(kites) == [("refund", "no visit known", -1000, ALL_MODELS)]


def test_what_has_no_postings_is_found_and_booked_once(kites: Kites) -> None:
    visit(kites, "referral")
    kites.tell(order("A1"), visitor=TOKEN, grade=Grade.PERSONAL)
    kites.tell(order("A2"))
    kites.tell(refunded("R1", "A1"))
    kites.tell(refunded("R2", None))
    before, days = sorted(credited(kites)), len(kites.all(CreditDay))
    with kites.crm.sessions.begin() as session:
        session.execute(delete(Credit))
        session.execute(delete(CreditDay))
    report = book_missing(kites.crm)
    assert (report.orders, report.refunds) == (2, 1)
    assert (sorted(credited(kites)), len(kites.all(CreditDay))) == (before, days)
    assert str(book_missing(kites.crm)) == "0 orders and 0 refunds without an order credited anew"


def test_a_refund_whose_posting_is_missing_is_booked_with_its_order(kites: Kites) -> None:
    kites.tell(order())
    kites.tell(refunded())
    with kites.crm.sessions.begin() as session:
        session.execute(delete(Credit).where(Credit.kind == "refund"))
    assert book_missing(kites.crm).orders == 1
    assert [kind for kind, *_ in credited(kites)] == ["order", "refund"]


def test_the_nightly_job_learns_and_says_when_there_is_too_little(kites: Kites) -> None:
    kites.tell(order())
    words = job_named("attribute").run(kites.crm)
    assert "is linear: 0 paths to an order in 90 days, 100 are needed" in words
    assert attribute_nightly(kites.crm).orders == 0


def test_with_enough_paths_the_first_learning_shares_recent_orders_out_anew(kites: Kites) -> None:
    now = AT.now(AT.tzinfo)
    visit(kites, "referral", days=(AT - now) / timedelta(days=1) + 3)
    visit(kites, "email", days=(AT - now) / timedelta(days=1) + 2)
    for number in range(101):
        kites.tell(order(f"A{number}", at=now - timedelta(days=1)), visitor=TOKEN, grade=Grade.PERSONAL)
    report = attribute_nightly(kites.crm)
    assert report.learnt is not None
    assert report.learnt.enough
    assert "learnt from 101 paths" in str(report)
    shares = {amount for _, _, amount, models in credited(kites) if models & Model.DATA_DRIVEN.bit}
    assert shares == {1750}  # both are on every path


def test_a_visits_first_page_that_arrives_after_the_order_takes_the_credit_over(kites: Kites) -> None:
    opened = Sighting(AT - timedelta(minutes=2), "Product Viewed", "1", referrer="https://www.google.com/")
    landed = Sighting(AT - timedelta(minutes=1), "Page Viewed", "/", {"utm_source": "a", "utm_medium": "affiliate"})
    kites.tell(signed_up())
    for step in (opened, landed):
        with kites.crm.sessions.begin() as session:
            seen = step._replace(visitor_token=TOKEN, grade=Grade.PERSONAL, user_agent=FIREFOX)
            ingest(session, [seen], "Europe/Berlin")
        kites.tell(order(), visitor=TOKEN, grade=Grade.PERSONAL)
    assert credited(kites) == [("order", "organic_search", 3500, ALL_MODELS)]
    with kites.session() as session:
        rebook(session, [1], rules=Rules("Europe/Berlin"))
        session.commit()
    assert credited(kites) == [("order", "affiliate", 3500, ALL_MODELS)]
