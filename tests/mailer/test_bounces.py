"""What comes back is read for what it is, and whatever isn't a report changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.orm import Session

from mailer.bounces import read
from mailer.consent import Topic, topics_wanted
from mailer.outbox import Email, State
from mailer.reports import SOFT_LIMIT, Kind, Reported, take_report
from mailer.suppression import standing

from .reports_material import complaint, dsn, out_of_office, qmail, reply
from .test_consent import agreed, contact, put

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ID = "<20261120T120000.0123456789abcdef01234567@example.com>"


def test_a_delivery_status_notification_says_who_and_why() -> None:
    [found] = read(dsn(ID))
    assert (found.kind, found.message_id, found.address, found.status) == (Kind.HARD, ID, "ada@example.com", "5.1.1")
    assert "Recipient address rejected: User unknown" in found.diagnostic


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("5.1.1", Kind.HARD), ("5.1.10", Kind.HARD), ("5.0.0", Kind.HARD), ("5.2.1", Kind.HARD),
        ("4.4.7", Kind.SOFT), ("5.2.2", Kind.SOFT), ("5.7.1", Kind.SOFT), ("5.4.4", Kind.SOFT), ("4.2.2", Kind.SOFT),
    ],
)  # fmt: skip
def test_a_mailbox_that_is_full_or_a_policy_is_no_mailbox_that_is_not_there(status: str, kind: Kind) -> None:
    assert read(dsn(ID, status=status))[0].kind is kind


@pytest.mark.parametrize("action", ["delayed", "relayed", "expanded", "delivered"])
def test_what_is_not_a_failure_is_no_report(action: str) -> None:
    assert read(dsn(ID, action=action)) == []


def test_a_complaint_is_read_and_what_is_none_is_not() -> None:
    [found] = read(complaint(ID))
    assert (found.kind, found.message_id, found.address) == (Kind.COMPLAINT, ID, "ada@example.com")
    assert read(complaint(ID, kind="not-spam")) == []


def test_older_bounces_are_read_too() -> None:
    [found] = read(qmail(ID))
    assert (found.kind, found.message_id, found.address) == (Kind.HARD, ID, "ada@example.com")


@pytest.mark.parametrize(
    "raw", [out_of_office(ID), reply(ID), b"", b"\x00\xff", dsn("<other@example.com>"), b"x" * 10**7]
)
def test_whatever_is_no_report_about_our_own_e_mails_is_nothing(raw: bytes) -> None:
    assert read(raw) == []


@pytest.mark.parametrize("depth", [50, 600, 1000, 3000])
def test_parts_within_parts_without_end_are_no_report(depth: int) -> None:
    nested = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(depth))
    assert read(f"From: MAILER-DAEMON@example.com\r\n{nested}".encode()) == []


def test_what_a_database_cannot_keep_is_left_out_of_a_report() -> None:
    [found] = read(dsn(ID).replace(b"Recipient address", b"Recipient\x00 address"))
    assert "Recipient address rejected" in found.diagnostic


@given(st.binary(max_size=300))
def test_no_message_can_break_the_reading(junk: bytes) -> None:
    for whole in (dsn(ID), complaint(ID), qmail(ID)):
        read(whole[: len(junk)] + junk + whole[len(junk) * 2 :])


def sent(session: Session, address: str = "ada@example.com", *, topic: str = "offers") -> Email:
    one = contact(session, address)
    agreed(session, one.id, Topic.OFFERS)
    email_id = put(session, one.id, topic=topic)
    session.execute(update(Email).where(Email.id == email_id).values(state=State.SENT, sent_at=NOW))
    return session.get_one(Email, email_id, populate_existing=True)


def report(email: Email, kind: Kind, **more: str) -> Reported:
    return Reported(kind=kind, message_id=email.message_id, **more)


def test_a_hard_bounce_marks_the_e_mail_and_suppresses_the_mailbox_once(session: Session) -> None:
    email = sent(session)
    bounce = report(email, Kind.HARD, address="Ada@Example.com", status="5.1.1", diagnostic="user unknown")
    assert take_report(session, bounce, source="imap", now=NOW) == "suppressed"
    assert take_report(session, bounce, source="webhook", now=NOW) == "repeated"
    session.refresh(email)
    assert (email.state, email.reason, email.last_error) == (State.BOUNCED, "5.1.1", "5.1.1 user unknown")
    assert [one.reason for one in standing(session, email.contact_id or 0)] == ["hard_bounce"]


def test_a_complaint_ends_marketing_and_leaves_the_e_mail_as_it_was(session: Session) -> None:
    email = sent(session)
    assert take_report(session, report(email, Kind.COMPLAINT), source="imap", now=NOW) == "suppressed"
    session.refresh(email)
    assert email.state == State.SENT
    assert topics_wanted(session, email.contact_id or 0) == frozenset()


def test_a_mailbox_that_is_often_full_is_suppressed_after_five_within_a_month(session: Session) -> None:
    ada = contact(session)
    agreed(session, ada.id, Topic.OFFERS)
    answers = []
    for number in range(SOFT_LIMIT + 1):
        email = session.get_one(Email, put(session, ada.id, topic=f"t{number}"))
        at = NOW if number else NOW - timedelta(days=31)  # the first is too long ago
        answers.append(take_report(session, report(email, Kind.SOFT), source="imap", now=at))
    assert answers == [*["noted"] * SOFT_LIMIT, "suppressed"]


def test_a_forged_report_has_no_effect(session: Session) -> None:
    email = sent(session)
    other = report(email, Kind.HARD, address="bob@example.com")
    assert take_report(session, other, source="imap", now=NOW) == "unknown"
    made_up = Reported(kind=Kind.HARD, message_id=ID, address="ada@example.com")
    assert take_report(session, made_up, source="imap", now=NOW) == "unknown"
    assert topics_wanted(session, email.contact_id or 0) == {Topic.OFFERS}
