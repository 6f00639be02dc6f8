"""What a customer agreed to, on their page: as it is, as the log has it, and ended for them by staff."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from ecrm.mailboxes import address_hash
from mailer.consent import ConsentEntry, Topic, subscribe, topics_wanted, withdraw
from mailer.mailboxes import contact_of
from tracking.customers import Customer, CustomerEmail

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def contact_id(sessions: sessionmaker[Session], desk: Flask, ada: int) -> int:
    """Ada's mailbox, for which she agreed to offers in the checkout."""
    with desk.app_context():
        hashed = address_hash()
    with sessions.begin() as session:
        customer = session.get_one(Customer, ada)
        if session.get(CustomerEmail, customer.email_folded) is None:
            session.add(CustomerEmail(folded=customer.email_folded, customer_id=ada, added_at=NOW))
            session.flush()
        contact = contact_of(session, customer.email, now=NOW, hashed=hashed)
        subscribe(
            session, contact.id, [Topic.OFFERS], how="checkout", wording="2026-11: Yes, write to me.", now=NOW,
            proof="order 7",
        )  # fmt: skip
        return contact.id


def test_the_page_says_what_was_agreed_to_when_where_and_in_which_words(
    browser: FlaskClient, ada: int, contact_id: int
) -> None:
    page = browser.get(f"/console/customers/{ada}").text
    assert "Agreed to by e-mail" in page
    assert "2026-11: Yes, write to me." in page
    assert "order 7" in page


def test_staff_end_marketing_for_who_asks_with_what_they_said(
    browser: FlaskClient, token: str, ada: int, contact_id: int, sessions: sessionmaker[Session]
) -> None:
    path = f"/console/customers/{ada}/withdraw"
    assert browser.post(path, data={"csrf_token": token, "note": ""}).status_code == 400
    page = browser.post(path, data={"csrf_token": token, "note": "on the phone"}, follow_redirects=True).text
    assert "They get no marketing any more." in page
    with sessions() as session:
        assert topics_wanted(session, contact_id) == frozenset()
        last = session.scalars(select(ConsentEntry).order_by(ConsentEntry.id.desc())).first()
    assert last is not None
    assert (last.how, last.proof, bool(last.actor)) == ("asked staff", "on the phone", True)


def test_no_mailbox_of_a_customer_gets_more_marketing_once_staff_ended_it(
    browser: FlaskClient, token: str, desk: Flask, ada: int, contact_id: int, sessions: sessionmaker[Session]
) -> None:
    with desk.app_context():
        hashed = address_hash()
    with sessions.begin() as session:
        session.add(CustomerEmail(folded="old@mail.example", customer_id=ada, added_at=NOW))
        session.flush()
        old = contact_of(session, "old@mail.example", now=NOW, hashed=hashed).id
        subscribe(session, old, [Topic.REVIEWS], how="checkout", wording="Yes", now=NOW)
        withdraw(session, contact_id, how="page", now=NOW)
    path = f"/console/customers/{ada}"
    page = browser.get(path).text
    assert "old@mail.example" in page
    assert "End all marketing" in page
    page = browser.post(f"{path}/withdraw", data={"csrf_token": token, "note": "by phone"}, follow_redirects=True).text
    assert "They get no marketing any more." in page
    with sessions() as session:
        assert topics_wanted(session, old) == frozenset()


def test_whose_mailbox_nobody_knows_gets_no_marketing_anyway(browser: FlaskClient, token: str, ada: int) -> None:
    answer = browser.post(f"/console/customers/{ada + 999}/withdraw", data={"csrf_token": token, "note": "x"})
    assert answer.status_code == 303
