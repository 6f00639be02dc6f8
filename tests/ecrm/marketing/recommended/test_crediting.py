"""What an order earned is credited to the last click on a recommendation of each product, and refunds take it back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from ecrm.customers.identity import put_back, take_back
from ecrm.events import OrderLine, OrderRefunded
from ecrm.keeping import erase_events
from ecrm.marketing.period import Period
from ecrm.marketing.recommended.counting import count_recommended
from ecrm.marketing.recommended.crediting import rebook
from ecrm.marketing.recommended.figures import earned_in
from ecrm.marketing.recommended.forgetting import forget_clicks_of
from ecrm.marketing.recommended.tables import RecommendationClick, RecommendationCredit, Slot
from ecrm.storefront import Staff
from ecrm.timetable import attribute
from tests.ecrm.kites import AT, Kites, open_kites, order, person, refunded, signed_up
from tracking.clickstream.dimensions import ProductKey
from tracking.clickstream.ingest import ingest
from tracking.clickstream.sightings import Sighting
from tracking.orders import SeenOrder
from tracking.visitors import Grade, Visitor, VisitorClaim

HERS, OTHER = "a" * 32, "b" * 32
TODAY = date(2026, 11, 20)
Row = tuple[str, str, int, date, int, int, bool]


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    return open_kites(engine, tmp_path)


def click(
    kites: Kites, product: str, *, minutes: float, place: int = 1, placement: str = "home", token: str = HERS,
    grade: Grade = Grade.PERSONAL, customer: str | None = None,
) -> None:  # fmt: skip
    """A click so many minutes before the order."""
    at = AT - timedelta(minutes=minutes)
    said = {"product_id": product, "list_id": placement, "position": place, "strategy": "learnt"}
    step = Sighting(at, "Product Clicked", product, said, token, grade, customer, user_agent="Mozilla/5.0 Firefox/130")
    with kites.crm.sessions.begin() as session:
        ingest(session, [step], "Europe/Berlin")
        count_recommended(session, [step], "Europe/Berlin")


def buy(kites: Kites, *, grade: Grade = Grade.PERSONAL, token: str = HERS) -> None:
    """Two kites (2) for 30.00 and a string (3) for 3.00, less 1.00: 29.09 and 2.91 are paid for them."""
    kites.tell(order(), visitor=token, grade=grade)


def credits(kites: Kites) -> list[Row]:
    """Product, placement, place, day, pieces, money, and whether a click is named."""
    with kites.session() as session:
        query = (
            select(RecommendationCredit, Slot, ProductKey.product)
            .join(Slot, Slot.id == RecommendationCredit.slot_id)
            .join(ProductKey, ProductKey.id == RecommendationCredit.product_key_id)
            .order_by(RecommendationCredit.day, ProductKey.product, RecommendationCredit.amount_minor.desc())
        )
        return [
            (product, slot.placement, slot.position, row.day, row.quantity, row.amount_minor, row.click_id is not None)
            for row, slot, product in session.execute(query)
        ]


def book_again(kites: Kites) -> int:
    with kites.app.app_context(), kites.crm.sessions.begin() as session:
        return rebook(session, session.scalars(select(SeenOrder.id)).all())


def test_what_was_paid_for_a_product_goes_to_the_last_click_on_it(kites: Kites) -> None:
    click(kites, "2", minutes=20, place=1)
    click(kites, "2", minutes=10, place=4, placement="cart")
    click(kites, "1", minutes=5)
    buy(kites)
    assert credits(kites) == [("2", "cart", 4, TODAY, 2, 2909, True)], "less its part of the discount"
    assert {row.last_at: row.bought for row in kites.all(RecommendationClick)} == {
        AT - timedelta(minutes=20): False, AT - timedelta(minutes=10): True, AT - timedelta(minutes=5): False,
    }  # fmt: skip
    assert book_again(kites) == 0


def test_two_products_may_have_come_by_two_slots(kites: Kites) -> None:
    click(kites, "2", minutes=20)
    click(kites, "3", minutes=10, placement="product", place=2)
    buy(kites)
    assert [row[:6] for row in credits(kites)] == [
        ("2", "home", 1, TODAY, 2, 2909), ("3", "product", 2, TODAY, 1, 291),
    ]  # fmt: skip


@pytest.mark.parametrize(("days", "credited"), [(6.9, True), (7.1, False), (-0.001, False)])
def test_a_click_counts_within_its_window_and_before_the_order(kites: Kites, days: float, credited: bool) -> None:
    kites.tell(signed_up(), visitor=HERS, grade=Grade.PERSONAL)
    click(kites, "2", minutes=days * 24 * 60)
    buy(kites)
    assert bool(credits(kites)) is credited


def test_a_click_that_comes_again_after_the_order_takes_nothing_away(kites: Kites) -> None:
    click(kites, "2", minutes=10)
    buy(kites)
    click(kites, "2", minutes=-5)
    assert book_again(kites) == 0
    assert len(credits(kites)) == 1


def test_a_refund_takes_its_part_back_on_its_own_day_and_never_more_than_there_was(kites: Kites) -> None:
    click(kites, "2", minutes=10)
    buy(kites)
    one = OrderLine(product_id="2", name="", quantity=1, net_minor=1500)
    later = OrderRefunded(
        at=AT + timedelta(days=3), refund_id="R1", order_id="A1", person=None, currency="EUR", amount_minor=1500,
        lines=(one,),
    )  # fmt: skip
    kites.tell(later)
    assert credits(kites)[1] == ("2", "home", 1, TODAY + timedelta(days=3), -1, -1500, True)
    kites.tell(refunded("R2", amount=2500))
    assert sum(row[5] for row in credits(kites)) == 0
    kites.tell(refunded("R3", amount=900))
    assert sum(row[5] for row in credits(kites)) == 0, "goodwill on top of it is no recommendation's"
    assert book_again(kites) == 0


def test_with_consent_to_statistics_the_slot_earns_and_no_row_names_the_click(kites: Kites) -> None:
    click(kites, "2", minutes=10, grade=Grade.ANALYTICS)
    buy(kites, grade=Grade.ANALYTICS)
    assert credits(kites) == [("2", "home", 1, TODAY, 2, 2909, False)]
    assert book_again(kites) == 0, "kept: who clicked isn't known any more"
    kites.tell(refunded(amount=3500))
    assert sum(row[5] for row in credits(kites)) == 0


def test_without_consent_nothing_is_credited(kites: Kites) -> None:
    click(kites, "2", minutes=10, grade=Grade.NONE)
    buy(kites, grade=Grade.NONE)
    assert credits(kites) == []


def test_somebody_elses_click_earns_nothing(kites: Kites) -> None:
    click(kites, "2", minutes=10, token=OTHER)
    buy(kites)
    assert credits(kites) == []


def test_an_order_is_credited_anew_when_its_customer_is_known_in_the_browser_of_the_click(kites: Kites) -> None:
    click(kites, "2", minutes=60, token=OTHER)
    kites.tell(order(who=person(account="7")), visitor=HERS, grade=Grade.PERSONAL)
    assert credits(kites) == []
    kites.tell(signed_up(), visitor=OTHER, grade=Grade.PERSONAL)
    assert [row[:6] for row in credits(kites)] == [("2", "home", 1, TODAY, 2, 2909)]


def test_a_claim_that_is_taken_back_takes_the_credit_along_and_brings_it_back(kites: Kites) -> None:
    click(kites, "2", minutes=60, token=OTHER)
    kites.tell(order(who=person(account="7")), visitor=HERS, grade=Grade.PERSONAL)
    kites.tell(signed_up(), visitor=OTHER, grade=Grade.PERSONAL)
    before = credits(kites)
    assert len(before) == 1
    with kites.session() as session:
        of_other = select(VisitorClaim.id).join(Visitor, Visitor.id == VisitorClaim.visitor_id)
        claim = session.scalars(of_other.where(Visitor.token == OTHER)).one()
    for change, expected in ((take_back, []), (put_back, before)):
        with kites.app.app_context(), kites.crm.sessions.begin() as session:
            assert change(session, claim, by="Olga", reason="a friend's phone", at=AT)
        assert credits(kites) == expected


def test_a_click_that_is_stored_after_its_order_is_credited_by_the_nightly_job(kites: Kites) -> None:
    now = datetime.now(UTC)
    kites.tell(order(at=now), visitor=HERS, grade=Grade.PERSONAL)
    click(kites, "2", minutes=(AT - now) / timedelta(minutes=1) + 10)
    assert credits(kites) == []
    assert "1 credits of recommendations put right" in attribute(kites.crm)
    assert [(row[0], row[5]) for row in credits(kites)] == [("2", 2909)]
    assert "; 0 credits of recommendations put right" in attribute(kites.crm)


def test_an_erased_customers_credit_stays_and_names_no_click(kites: Kites) -> None:
    click(kites, "2", minutes=10)
    buy(kites)
    customer = kites.only(SeenOrder).customer_id
    with kites.crm.sessions.begin() as session:
        assert forget_clicks_of(session, customer) == 1
    assert credits(kites) == [("2", "home", 1, TODAY, 2, 2909, False)]
    assert book_again(kites) == 0


def test_after_an_erasure_no_click_says_what_they_did_in_a_browser_of_others_too(kites: Kites) -> None:
    kites.tell(signed_up("8", "bob@example.com"), visitor=HERS, grade=Grade.PERSONAL)
    kites.tell(signed_up("7"), visitor=HERS, grade=Grade.PERSONAL)
    click(kites, "2", minutes=10, customer="7")
    click(kites, "1", minutes=60 * 24, customer="8")
    buy(kites)
    before = [row[:6] for row in credits(kites)]

    staff = Staff(staff_id="1", name="Olga", role="owner")
    with kites.app.app_context():
        erase_events(kites.crm, "ada@example.com", reason="asked for it", staff=staff)

    assert [row.clicked_at for row in kites.all(RecommendationClick)] == [AT - timedelta(days=1)], "the other's stays"
    assert [row[:6] for row in credits(kites)] == before, "the sums stay"
    assert not any(row[6] for row in credits(kites))
    assert book_again(kites) == 0


def test_damaged_postings_are_put_right(kites: Kites) -> None:
    click(kites, "2", minutes=10)
    buy(kites)
    with kites.crm.sessions.begin() as session:
        row = session.scalars(select(RecommendationCredit)).one()
        row.amount_minor = 1
    assert book_again(kites) == 2
    assert credits(kites)[0][5] == 2909


def test_what_emails_bring_counts_in_the_sums_and_in_no_rate_per_impression(kites: Kites) -> None:
    shown = Sighting(AT, "Recommendations Shown", "home", {"product_ids": ["1", "2"], "strategy": "learnt"},
                     user_agent="Mozilla/5.0 Firefox/130")  # fmt: skip
    with kites.crm.sessions.begin() as session:
        count_recommended(session, [shown], "Europe/Berlin")
    click(kites, "2", minutes=10, placement="email")
    buy(kites)
    with kites.session() as session:
        found = earned_in(session, Period(TODAY, TODAY))
    assert (found.clicks, found.net_minor) == (1, 2909)
    assert (found.mailed_clicks, found.mailed_minor) == (1, 2909)
    assert (found.impressions, found.click_rate, found.net_per_thousand) == (2, 0, 0)
