"""Consent: what may be sent to whom, what the log says, and that both are the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from mailer.address_hash import AddressHash
from mailer.addressing import Mailbox
from mailer.consent import (
    AppendOnly,
    ConsentEntry,
    Subscription,
    Topic,
    allow_tracking,
    confirm,
    may_receive,
    subscribe,
    topics_wanted,
    why_not,
    withdraw,
)
from mailer.consent_check import differences
from mailer.contacts import Contact
from mailer.mailboxes import contact_by_address, contact_of, contacts_of_customer, link_owner
from mailer.outbox import Email, State, queue
from mailer.suppression import Reason, Scope, lift, standing, suppress
from tracking.customers import find_or_create_account

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HASHED = AddressHash([b"key"])
WORDS = "Yes, send me offers."


def contact(session: Session, address: str = "ada@example.com") -> Contact:
    return contact_of(session, address, now=NOW, hashed=HASHED)


def agreed(session: Session, contact_id: int, *topics: Topic) -> list[Topic]:
    return subscribe(session, contact_id, topics, how="preferences", wording=WORDS, now=NOW)


def put(session: Session, contact_id: int | None, *, topic: str = "offers", transactional: bool = False) -> int:
    email_id = queue(
        session, dedup_key=f"{contact_id}:{topic}:{transactional}", template="t",
        sender=Mailbox("", "shop@example.com"), to=Mailbox("", "ada@example.com"), subject="Hello",
        text="Text" if transactional else "", html="<p>" if transactional else "", transactional=transactional, now=NOW,
    )  # fmt: skip
    assert email_id is not None
    session.execute(update(Email).where(Email.id == email_id).values(contact_id=contact_id, topic=topic))
    return email_id


def answer(session: Session, email_id: int) -> tuple[bool, str]:
    row = session.execute(select(may_receive(), why_not()).where(Email.id == email_id)).one()
    return bool(row[0]), row[1]


def test_one_mailbox_is_one_contact_whatever_its_case(session: Session) -> None:
    assert contact(session, "Ada@Example.com").id == contact(session, " ada@example.com ").id


def test_nothing_is_sent_to_whom_nobody_asked(session: Session) -> None:
    ada = contact(session)
    assert answer(session, put(session, ada.id)) == (False, "the topic isn't wanted")
    assert answer(session, put(session, None)) == (False, "nobody agreed to get this")


def test_a_topic_is_sent_to_whom_agreed_to_it_and_no_other(session: Session) -> None:
    ada = contact(session)
    assert agreed(session, ada.id, Topic.OFFERS) == [Topic.OFFERS]
    assert answer(session, put(session, ada.id, topic="offers")) == (True, "")
    assert answer(session, put(session, ada.id, topic="newsletter")) == (False, "the topic isn't wanted")


def test_an_order_is_confirmed_to_somebody_who_wants_no_marketing(session: Session) -> None:
    ada = contact(session)
    withdraw(session, ada.id, how="one_click", now=NOW)
    assert answer(session, put(session, ada.id, topic="", transactional=True)) == (True, "")
    assert answer(session, put(session, None, topic="", transactional=True)) == (True, "")


def test_a_mailbox_that_is_not_there_gets_nothing(session: Session) -> None:
    ada = contact(session)
    agreed(session, ada.id, Topic.OFFERS)
    assert suppress(session, ada.id, reason=Reason.HARD_BOUNCE, now=NOW, note="550 no such user")
    assert not suppress(session, ada.id, reason=Reason.HARD_BOUNCE, now=NOW)
    for transactional in (True, False):
        email_id = put(session, ada.id, transactional=transactional)
        assert answer(session, email_id) == (False, "the mailbox is on the suppression list")
    assert topics_wanted(session, ada.id) == frozenset()


def test_withdrawing_a_topic_stops_what_waits_about_it_only(session: Session) -> None:
    ada = contact(session)
    agreed(session, ada.id, Topic.OFFERS, Topic.NEWSLETTER)
    offer, news = put(session, ada.id, topic="offers"), put(session, ada.id, topic="newsletter")
    assert withdraw(session, ada.id, [Topic.OFFERS], how="preferences", now=NOW)
    assert not withdraw(session, ada.id, [Topic.OFFERS], how="preferences", now=NOW)
    session.expire_all()
    assert session.get_one(Email, offer).state == State.SUPPRESSED
    assert session.get_one(Email, offer).reason == "the topic isn't wanted any more"
    assert session.get_one(Email, news).state == State.QUEUED
    assert topics_wanted(session, ada.id) == {Topic.NEWSLETTER}


def test_who_unsubscribed_from_everything_may_come_back_by_their_own_deed(session: Session) -> None:
    ada = contact(session)
    agreed(session, ada.id, *Topic)
    assert withdraw(session, ada.id, how="one_click", now=NOW)
    assert not withdraw(session, ada.id, how="one_click", now=NOW)
    assert topics_wanted(session, ada.id) == frozenset()
    agreed(session, ada.id, Topic.NEWSLETTER)
    assert topics_wanted(session, ada.id) == {Topic.NEWSLETTER}
    assert not list(differences(session))


def test_who_complained_comes_back_only_when_staff_lift_it(session: Session) -> None:
    ada = contact(session)
    suppress(session, ada.id, reason=Reason.COMPLAINT, now=NOW)
    agreed(session, ada.id, Topic.NEWSLETTER)
    assert topics_wanted(session, ada.id) == frozenset()
    assert lift(session, ada.id, now=NOW) == 1
    assert topics_wanted(session, ada.id) == {Topic.NEWSLETTER}


def test_the_widest_entry_holds_and_the_next_one_stays_when_it_is_lifted(session: Session) -> None:
    ada = contact(session)
    suppress(session, ada.id, reason=Reason.MANUAL, now=NOW)
    suppress(session, ada.id, reason=Reason.HARD_BOUNCE, now=NOW)
    session.refresh(ada)
    assert ada.blocked == Scope.EVERYTHING
    lift(session, ada.id, reasons=[Reason.HARD_BOUNCE], now=NOW)
    session.refresh(ada)
    assert ada.blocked == Scope.MARKETING
    assert [one.reason for one in standing(session, ada.id)] == ["manual"]


def test_the_log_says_who_agreed_to_which_words_when_and_how(session: Session) -> None:
    ada = contact(session)
    subscribe(
        session, ada.id, [Topic.OFFERS], how="checkout", wording=WORDS, now=NOW, actor="customer", proof="order 1"
    )
    allow_tracking(session, ada.id, True, how="preferences", wording="Count my clicks.", now=NOW)
    withdraw(session, ada.id, how="one_click", now=NOW + timedelta(days=1), proof="e-mail 7")
    said = [
        (one.topic, one.given, one.how, one.wording, one.proof)
        for one in session.scalars(select(ConsentEntry).order_by(ConsentEntry.id))
    ]
    assert said == [
        ("offers", True, "checkout", WORDS, "order 1"),
        ("tracking", True, "preferences", "Count my clicks.", ""),
        ("", False, "one_click", "", "e-mail 7"),
    ]


def test_an_entry_of_the_log_can_be_neither_changed_nor_deleted(session: Session) -> None:
    ada = contact(session)
    agreed(session, ada.id, Topic.OFFERS)
    entry = session.scalars(select(ConsentEntry)).one()
    entry.given = False
    with pytest.raises(AppendOnly):
        session.flush()
    session.rollback()


def test_a_state_that_the_log_does_not_bear_out_is_found(session: Session) -> None:
    ada, bob = contact(session), contact(session, "bob@example.com")
    agreed(session, ada.id, Topic.OFFERS)
    allow_tracking(session, bob.id, True, how="preferences", now=NOW)
    assert not list(differences(session))
    session.execute(update(Subscription).values(wanted=False))
    session.execute(update(Contact).where(Contact.id == bob.id).values(tracking_allowed=False, blocked=1))
    assert [str(one) for one in differences(session)] == [
        f"contact {ada.id}: offers is False, the log says True",
        f"contact {bob.id}: tracking is False, the log says True",
        f"contact {bob.id}: blocked is 1, the log says 0",
    ]


def test_a_mailbox_is_confirmed_once(session: Session) -> None:
    ada = contact(session)
    assert confirm(session, ada.id, now=NOW)
    assert not confirm(session, ada.id, now=NOW + timedelta(days=1))


def test_a_contact_belongs_to_whoever_proved_the_mailbox(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        account = find_or_create_account(session, reference="1", email="ada@example.com", at=NOW)
        assert contact(session).customer_id is None
        find_or_create_account(session, reference="1", email="ada@example.com", at=NOW, proved=True)
        link_owner(session, "ADA@example.com")
        assert [one.folded for one in contacts_of_customer(session, account.id)] == ["ada@example.com"]
        found = contact_by_address(session, "ada@example.com")
        assert found is not None
        assert found.customer_id == account.id


def test_a_hash_needs_its_key_and_finds_what_an_older_key_hashed() -> None:
    old, new = AddressHash([b"old"]), AddressHash([b"new", b"old"])
    assert old("Ada@example.com") == old("ada@EXAMPLE.com") != new("ada@example.com")
    assert old("ada@example.com") in new.all_of("ada@example.com")
    with pytest.raises(ValueError, match="at least one key"):
        AddressHash([])
