"""What a customer was offered lately: by e-mails, by agents, by the shop's own pages, and at what price."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from ecrm.service.offered import PAGES_READ, Seen, offered
from ecrm.service.offers_shown import note_offer, offered_before
from ecrm.service.relationship import Relationship, RelationshipPolicy
from ecrm.service.relationship_much import Cell
from ecrm.storefront import Staff
from mailer.mailings import Mailing, MailingVariant
from mailer.outbox import Email
from tracking.clickstream.event import Event
from tracking.customers import Customer
from tracking.orders import SeenOrder

NOW = datetime(2026, 6, 10, 22, 30, tzinfo=UTC)  # in Berlin it is the 11th already
BERLIN = "Europe/Berlin"
SAM = Staff(staff_id="7", name="Sam", role="support")


@pytest.fixture
def ada(session: Session) -> int:
    ada = Customer(email="ada@example.com", traits={}, created_at=NOW)
    session.add(ada)
    session.flush()
    return ada.id


def mailed(session: Session, ada: int, *, source: str, days: int, **more: object) -> None:
    at = NOW - timedelta(days=days)
    values: dict[str, object] = {
        "dedup_key": source, "template": "mailing", "customer_id": ada, "source": source, "topic": "offers",
        "from_address": "shop@example.com", "to_address": "ada@example.com", "subject": "Summer", "text": "",
        "html": "", "message_id": f"<{source}@example.com>", "transactional": False, "state": "sent", "queued_at": at,
        "due_at": at, "sent_at": at, **more,
    }  # fmt: skip
    session.add(Email(**values))
    session.flush()


def on_page(session: Session, ada: int, name: str, *, at: datetime, subject: str, **properties: object) -> None:
    session.add(Event(name=name, happened_at=at, customer_id=ada, subject=subject, properties=properties))
    session.flush()


def test_a_mailing_offered_what_it_showed_and_its_coupon(session: Session, ada: int) -> None:
    mailing = Mailing(name="June", topic="offers", created_at=NOW, changed_at=NOW)
    session.add(mailing)
    session.flush()
    for name, code in (("a", "TEN"), ("b", "TWENTY")):
        blocks = [{"kind": "text", "text": "Hello"}, {"kind": "coupon", "code": code, "text": "Less"}]
        session.add(MailingVariant(mailing_id=mailing.id, name=name, content={"blocks": blocks}))
    mailed(
        session, ada, source=f"mailing:{mailing.id}", days=3, mailing_id=mailing.id, variant="b",
        content={"shown": {"5": 990, "6": 100}},
    )  # fmt: skip
    found = offered(session, ada, now=NOW, zone=BERLIN)
    (line,) = found.lines
    assert (line.mailing, line.codes) == ("June", ("TWENTY",))
    assert found.days_ago == 3
    assert offered_before(found.offers, "6") is line.offer
    assert offered_before(found.offers, "7") is None


def test_who_offered_last_is_told_in_the_shops_own_days(session: Session, ada: int) -> None:
    mailed(session, ada, source="flow:cart", days=2, content={"products": ["5"]})
    # it is half past midnight: two hours ago was yesterday for everybody in the shop
    note_offer(session, ada, product="6", name="Tea", how="phone", by=SAM, now=NOW - timedelta(hours=2))
    session.flush()
    found = offered(session, ada, now=NOW, zone=BERLIN)
    assert found.last is not None
    assert (found.last.by, found.last.how, found.days_ago) == ("Sam", "phone", 1)


def test_the_shops_pages_are_told_by_day_with_their_clicks_and_are_no_departments_offer(
    session: Session, ada: int
) -> None:
    for hours in (1, 2, 3, 30):
        at = NOW - timedelta(hours=hours)
        on_page(session, ada, "Recommendations Shown", at=at, subject="home", product_ids=["5", "6"])
    on_page(session, ada, "Product Clicked", at=NOW - timedelta(hours=30), subject="6", list_id="home", position=2)
    on_page(session, ada, "Recommendations Shown", at=NOW - timedelta(days=40), subject="home", product_ids=["9"])
    found = offered(session, ada, now=NOW, zone=BERLIN)
    told = [(line.on_pages.products, line.on_pages.clicked) for line in found.lines if line.on_pages]
    assert told == [(2, 0), (2, 1)]
    assert found.seen == {"5": Seen(2, clicked=False), "6": Seen(2, clicked=True)}
    assert (found.offers, found.last, found.days_ago) == ([], None, None)


def test_days_on_the_shops_pages_push_out_no_offer(session: Session, ada: int) -> None:
    note_offer(session, ada, product="6", name="Tea", how="phone", by=SAM, now=NOW - timedelta(days=27))
    for days in range(26):
        at = NOW - timedelta(days=days, hours=1)
        on_page(session, ada, "Recommendations Shown", at=at, subject="home", product_ids=["5"])
    found = offered(session, ada, now=NOW, zone=BERLIN)
    assert [line.offer.what for line in found.lines if line.offer] == ["Tea"]
    assert len([line for line in found.lines if line.on_pages]) + found.more_days == 26
    assert found.more_days > 0
    assert found.seen["5"].days == 26


def test_what_the_desk_offered_is_known_behind_any_number_of_e_mails(session: Session, ada: int) -> None:
    note_offer(session, ada, product="6", name="Tea", how="phone", by=SAM, now=NOW - timedelta(days=29))
    for number in range(40):
        mailed(session, ada, source=f"flow:{number}", days=number % 28)
    found = offered(session, ada, now=NOW, zone=BERLIN)
    before = offered_before(found.offers, "6")
    assert before is not None
    assert (before.by, len(found.offers), len(found.lines)) == ("Sam", 41, 41)


@pytest.mark.parametrize("too_many", [False, True])
def test_of_a_heavy_visitor_it_is_said_from_when_on_their_pages_are_counted(
    session: Session, ada: int, too_many: bool
) -> None:
    steps = [
        {
            "name": "Recommendations Shown", "happened_at": NOW - timedelta(minutes=15 * number), "customer_id": ada,
            "subject": "home", "properties": {"product_ids": ["5"]},
        }
        for number in range(PAGES_READ + too_many)
    ]  # fmt: skip
    session.execute(insert(Event), steps)
    found = offered(session, ada, now=NOW, zone=BERLIN)
    assert found.pages_since == (steps[PAGES_READ - 1]["happened_at"] if too_many else None)
    assert found.seen["5"].days == len([line for line in found.lines if line.on_pages]) + found.more_days == 22


def test_what_an_order_took_off_and_its_codes_are_told(session: Session, ada: int) -> None:
    for number, (discount, codes) in enumerate(((500, ["TEN"]), (0, ["friend"]), (0, []))):
        session.add(
            SeenOrder(
                reference=f"A-{number}", customer_id=ada, placed_at=NOW - timedelta(days=number), currency="EUR",
                goods_minor=1000, discount_minor=discount, total_minor=1000 - discount, codes=codes,
            )
        )  # fmt: skip
    session.flush()
    found = offered(session, ada, now=NOW, zone=BERLIN)
    told = [(one.order_reference, one.amount_minor, one.codes) for line in found.lines if (one := line.discount)]
    assert told == [("A-0", 500, ("TEN",)), ("A-1", 0, ("friend",))]


def test_the_discount_of_their_relationship_is_told_beside_what_was_offered(session: Session, ada: int) -> None:
    assert offered(session, ada, now=NOW, zone=BERLIN).reminder == ""
    session.add_all([
        Relationship(customer_id=ada, cell=Cell.ASKS_LITTLE_BUYS_MUCH, contacts=0, orders=9, net_minor=90_000),
        RelationshipPolicy(cell=Cell.ASKS_LITTLE_BUYS_MUCH, reminder="10 % from three boxes on", changed_at=NOW),
    ])  # fmt: skip
    session.flush()
    assert offered(session, ada, now=NOW, zone=BERLIN).reminder == "10 % from three boxes on"
