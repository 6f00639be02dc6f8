"""The customer's page says why they were mailed and why not, with the words of the sender's own budget."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from mailer.addressing import Mailbox
from mailer.consent import Subscription, Topic
from mailer.contacts import Contact
from mailer.flows.entry import FlowEntry, FlowSetting
from mailer.outbox import Email, State
from mailer.unwritten import queue_unwritten


@pytest.fixture
def panel(browser: FlaskClient, ada: int) -> Callable[[], str]:
    """Reads the panel of Ada's page."""

    def read() -> str:
        page = BeautifulSoup(browser.get(f"/console/customers/{ada}/mail").text, "html.parser")
        section = page.find("section", {"aria-labelledby": "mailed"})
        assert section is not None
        return " ".join(section.get_text(" ").split())

    return read


def _contact(session: Session, customer: int, **values: Any) -> Contact:
    contact = Contact(
        folded="ada@mail.example",
        address="ada@mail.example",
        customer_id=customer,
        created_at=datetime.now(UTC),
        **values,
    )
    session.add(contact)
    session.flush()
    return contact


def test_who_has_no_mailbox_is_told_so(panel: Callable[[], str]) -> None:
    said = panel()
    assert "No mailbox of theirs is known" in said
    assert "Abandoned cart never entered no mailbox is known" in said


def test_topics_blocks_flows_and_emails_are_said_with_their_reasons(
    panel: Callable[[], str], sessions: sessionmaker[Session], ada: int
) -> None:
    now = datetime.now(UTC)
    with sessions.begin() as session:
        contact = _contact(session, ada, confirmed_at=now)
        session.add(Subscription(contact_id=contact.id, topic=Topic.OFFERS, wanted=True, changed_at=now))
        session.add(Subscription(contact_id=contact.id, topic=Topic.REVIEWS, wanted=False, changed_at=now))
        session.add(FlowSetting(flow="winback", switched_on=False, control_percent=0, knobs={}))
        session.add(
            FlowEntry(
                flow="loyalty", cause="1", contact_id=contact.id, customer_id=ada, topic="offers", caused_at=now,
                entered_at=now, due_at=now, state="exited", reason="below the tier again", data={},
            )
        )  # fmt: skip
        number = queue_unwritten(
            session, dedup_key="x", template="flow_birthday", sender=Mailbox("S", "s@example.com"),
            to=Mailbox("", contact.address), contact_id=contact.id, customer_id=ada, topic="offers",
            source="flow:birthday", priority=65, content={}, due_at=now, now=now - timedelta(minutes=5),
        )  # fmt: skip
        email = session.get_one(Email, number)
        email.state, email.reason = State.DEFERRED, "1 a day: flow:cart went first (10 Jun 10:00)"
    said = panel()
    assert "may be written to confirmed" in said
    assert "Offers: yes" in said
    assert "Reviews: no" in said
    assert "Loyalty tier reached left below the tier again" in said
    assert "Review request never entered the topic “Reviews” isn't wanted" in said
    assert "Win-back never entered the flow is switched off" in said
    assert "Birthday never entered there was no cause" in said
    assert "1 a day: flow:cart went first" in said


def test_what_the_budget_would_say_now_is_said(
    panel: Callable[[], str], sessions: sessionmaker[Session], ada: int
) -> None:
    now = datetime.now(UTC)
    with sessions.begin() as session:
        contact = _contact(session, ada, confirmed_at=now)
        session.add(Subscription(contact_id=contact.id, topic=Topic.OFFERS, wanted=True, changed_at=now))
    assert "A promotion that is due now" in panel()


def test_a_held_back_mailbox_says_so(panel: Callable[[], str], sessions: sessionmaker[Session], ada: int) -> None:
    with sessions.begin() as session:
        _contact(session, ada, blocked=2)
    said = panel()
    assert "gets nothing" in said
    assert "the mailbox is held back" in said
