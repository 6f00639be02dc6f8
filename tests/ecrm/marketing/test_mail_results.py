"""What e-mails did and changed: each figure by its rule, the money as the ledger has it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from ecrm.mail_links import content_of
from ecrm.marketing.attribution.credit_rows import credits_of
from ecrm.marketing.attribution.credits import MILLION, Credit
from ecrm.marketing.attribution.models import DEFAULT_MODEL
from ecrm.marketing.experiment_statistics import Verdict
from ecrm.marketing.mail_lift import counted_since, lift_of
from ecrm.marketing.mail_results import MailFigures, Part, by_source, results
from ecrm.marketing.period import Period
from mailer.consent import ConsentEntry
from mailer.contacts import Contact
from mailer.engagement import Engagement
from mailer.flows.entry import FlowEntry, FlowSetting
from mailer.mailings import Mailing, MailingHoldout
from mailer.outbox import Email
from mailer.reports import MailReport
from tests.conftest import NOW
from tracking.clickstream.dimensions import Source
from tracking.customers import Customer
from tracking.orders import SeenOrder

SENT = NOW - timedelta(days=3)


def contact(session: Session, number: int, *, tracked: bool = True) -> Contact:
    customer = Customer(email=f"c{number}@example.com", created_at=NOW)
    session.add(customer)
    session.flush()
    row = Contact(
        folded=f"c{number}@example.com", address=f"c{number}@example.com", customer_id=customer.id, created_at=NOW,
        tracking_allowed=tracked,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def email(
    session: Session, to: Contact, *, source: str = "mailing:7", variant: str = "a", state: str = "sent"
) -> Email:
    row = Email(
        dedup_key=f"{source}-{variant}-{to.id}", template="t", contact_id=to.id, customer_id=to.customer_id,
        source=source, variant=variant, from_address="s@example.com", to_address=to.address, subject="s", text="t",
        html="h", message_id=f"<{source}-{variant}-{to.id}@x>", transactional=False, state=state, queued_at=SENT,
        due_at=SENT, sent_at=SENT,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def did(session: Session, one: Email, deed: str = "click", link: str = "/", machine: str = "") -> None:
    session.add(
        Engagement(
            email_id=one.id, contact_id=one.contact_id, deed=deed, link=link, day=SENT.date(), at=SENT, times=1,
            machine=machine,
        )
    )  # fmt: skip


def order(session: Session, customer_id: int | None, at: datetime, minor: int, refunded: int = 0) -> SeenOrder:
    row = SeenOrder(
        reference=f"{customer_id}-{at.isoformat()}-{minor}", customer_id=customer_id, placed_at=at, currency="EUR",
        goods_minor=minor, total_minor=minor, refunded_minor=refunded,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def test_each_figure_follows_its_rule(session: Session) -> None:
    people = [contact(session, number, tracked=number < 3) for number in range(5)]
    first, second, scanned, untracked = (email(session, one) for one in people[:4])
    email(session, people[4], state="bounced")
    email(session, people[4], variant="b", state="suppressed")
    did(session, first)
    did(session, first, link="/other")
    did(session, second, deed="open")
    did(session, scanned, machine="bot")
    for one in (untracked, untracked):
        session.add(
            ConsentEntry(
                contact_id=one.contact_id, topic="offers", given=False, how="one_click", at=NOW, proof=f"email:{one.id}"
            )
        )
    session.add(MailReport(dedup_key="c", kind="complaint", email_id=second.id, source="imap", at=NOW))
    session.flush()
    found = results(session, model=DEFAULT_MODEL)
    assert found == {
        Part("mailing:7", 0, "a"): MailFigures(
            sent=5, bounced=1, tracked=3, clicked=1, opened=1, machines=1, unsubscribed=1, complained=1
        )
    }
    [figures] = by_source(found).values()
    assert (figures.delivered, figures.click_rate) == (4, pytest.approx(1 / 3))


def test_money_is_the_ledgers_by_the_links_and_opens_into_its_rows(session: Session) -> None:
    people = [contact(session, number) for number in range(2)]
    for one in people:
        email(session, one)
    bought = order(session, people[0].customer_id, NOW, 5000)
    day = NOW.date()
    for content, kind, minor in (
        (content_of("mailing:7", variant="a"), "order", 3000),
        (content_of("mailing:7", variant="a") + ".button", "order", 2000),
        (content_of("mailing:7", variant="a"), "refund", -500),
        (content_of("mailing:77", variant="a"), "order", 111),
        ("unrelated", "order", 222),
    ):
        source = Source(channel="email", source="shop", medium="email", campaign=kind + str(minor), content=content)
        session.add(source)
        session.flush()
        session.add(
            Credit(
                kind=kind, order_id=bought.id, day=day, models=DEFAULT_MODEL.bit, source_id=source.id,
                share_ppm=MILLION // 2, amount_minor=minor,
            )
        )  # fmt: skip
    session.flush()
    part = results(session, model=DEFAULT_MODEL, source="mailing:7")[Part("mailing:7", 0, "a")]
    assert (part.net_minor, part.orders) == (4500, 1.0)
    rows = credits_of(session, Period(day, day), model=DEFAULT_MODEL, key="content:mailing-7", limit=50)
    assert sum(row.credit.amount_minor for row in rows) == part.net_minor
    earlier = Period(day - timedelta(days=9), day - timedelta(days=8))
    assert results(session, model=DEFAULT_MODEL, source="mailing:7", period=earlier)[part_a()].net_minor == 0
    assert results(session, model=DEFAULT_MODEL)[Part("mailing:77", 0, "a")].net_minor == 111


def part_a() -> Part:
    return Part("mailing:7", 0, "a")


def test_the_effect_counts_all_orders_of_the_days_after_of_everybody_drawn(session: Session) -> None:
    mailing = Mailing(
        id=7, name="Easter", topic="offers", created_at=SENT, changed_at=SENT, started_at=SENT, decision={}
    )
    session.add(mailing)
    for number in range(300):
        one = contact(session, number)
        if number % 3 == 0:
            session.add(MailingHoldout(mailing_id=7, contact_id=one.id, customer_id=one.customer_id, at=SENT))
            buys = number % 30 == 0
        else:
            email(session, one, state="suppressed" if number % 5 == 0 else "sent")
            buys = number % 2 == 0
        if buys:
            order(session, one.customer_id, SENT + timedelta(days=1), 1000, refunded=100)
        order(session, one.customer_id, SENT - timedelta(days=1), 9999)
    session.flush()
    lift = lift_of(session, "mailing:7", now=NOW)
    assert lift is not None
    assert (lift.treated.units, lift.treated.buyers, lift.treated.net_minor) == (200, 100, 90_000)
    assert (lift.control.units, lift.control.buyers, lift.control.orders) == (100, 10, 10)
    assert lift.conversion.verdict is Verdict.BETTER
    assert lift_of(session, "mailing:8", now=NOW) is None
    assert lift_of(session, "nonsense", now=NOW) is None


def test_a_flows_people_count_from_when_they_entered_first(session: Session) -> None:
    for number in range(4):
        one = contact(session, number)
        for times in range(2):
            session.add(
                FlowEntry(
                    flow="cart", cause=f"{number}-{times}", contact_id=one.id, customer_id=one.customer_id,
                    topic="reminders", control=number < 2, caused_at=SENT, entered_at=SENT + timedelta(hours=times),
                    due_at=SENT, data={},
                )
            )  # fmt: skip
        order(session, one.customer_id, SENT + timedelta(minutes=30), 100)
        order(session, one.customer_id, SENT - timedelta(minutes=30), 100)
        order(session, one.customer_id, SENT + timedelta(days=20), 100)
    session.flush()
    lift = lift_of(session, "flow:cart", now=NOW + timedelta(days=60))
    assert lift is not None
    assert (lift.treated.units, lift.treated.orders, lift.control.units, lift.control.orders) == (2, 2, 2, 2)
    assert lift.conversion.verdict is Verdict.TOO_FEW


def test_after_a_change_of_the_share_left_out_only_entries_since_count_each_person_once(session: Session) -> None:
    changed = SENT + timedelta(hours=1)
    one_group, changing, late = (contact(session, number) for number in range(3))
    entries = [(one_group, -2, True), (changing, -2, True), (changing, 2, False), (changing, 3, True), (late, 4, True)]
    for at, (one, hours, control) in enumerate(entries):
        session.add(
            FlowEntry(
                flow="cart", cause=str(at), contact_id=one.id, customer_id=one.customer_id, topic="reminders",
                control=control, caused_at=SENT, entered_at=SENT + timedelta(hours=hours), due_at=SENT, data={},
            )
        )  # fmt: skip
    session.flush()
    before = lift_of(session, "flow:cart", now=NOW)
    assert before is not None
    assert (before.treated.units, before.control.units) == (0, 3)  # each by their first entry
    assert counted_since(session, "flow:cart") is None
    session.add(FlowSetting(flow="cart", switched_on=True, control_percent=50, control_since=changed, knobs={}))
    session.flush()
    since = lift_of(session, "flow:cart", now=NOW)
    assert since is not None
    assert (since.treated.units, since.control.units) == (1, 1)
    assert counted_since(session, "flow:cart") == changed


def test_what_is_in_doubt_or_came_back_at_once_counts_on_the_day_it_was_handed_over(session: Session) -> None:
    doubtful, returned = (
        email(session, contact(session, 1), state="unknown"),
        email(session, contact(session, 2), state="bounced"),
    )
    for one in (doubtful, returned):
        one.sent_at, one.handed_at = None, SENT
    session.flush()
    span = (SENT - timedelta(days=1), SENT + timedelta(days=1))
    found = by_source(results(session, model=DEFAULT_MODEL, span=span))["mailing:7"]
    assert (found.sent, found.doubtful, found.bounced) == (2, 1, 1)
