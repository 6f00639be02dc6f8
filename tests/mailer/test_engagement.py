"""Engagement: a deed once an e-mail, link and day; machines apart; only of people who agreed."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.contacts import Contact
from mailer.engagement import Deed, Engagement, Machine, Seen, forget, forget_before, note
from mailer.outbox import Email
from tests.conftest import NOW

SENT = NOW - timedelta(hours=2)


def an_email(session: Session, *, agreed: bool = True, key: str = "a") -> Email:
    contact = Contact(
        folded=f"{key}@example.com", address=f"{key}@example.com", created_at=SENT, tracking_allowed=agreed
    )
    session.add(contact)
    session.flush()
    email = Email(
        dedup_key=key, template="t", contact_id=contact.id, from_address="s@example.com", to_address=contact.address,
        subject="s", text="t", html="h", message_id=f"<{key}@x>", transactional=False, state="sent", queued_at=SENT,
        due_at=SENT, sent_at=SENT,
    )  # fmt: skip
    session.add(email)
    session.flush()
    return email


def seen(session: Session, email: Email, link: str = "/", at: datetime = NOW, machine: Machine = Machine.NONE) -> int:
    return note(session, [Seen(email.id, Deed.CLICK, link, at, machine)], day_of=lambda moment: moment.date())


def kept(session: Session) -> list[tuple[str, date, int, str]]:
    session.expire_all()
    query = select(Engagement).order_by(Engagement.link, Engagement.day, Engagement.machine)
    return [(one.link, one.day, one.times, one.machine) for one in session.scalars(query)]


def test_a_link_counts_once_a_day_however_often_it_is_followed(session: Session) -> None:
    email = an_email(session)
    for _ in range(3):
        seen(session, email)
    seen(session, email, at=NOW + timedelta(days=1))
    assert kept(session) == [("/", NOW.date(), 3, ""), ("/", (NOW + timedelta(days=1)).date(), 1, "")]


def test_who_did_not_agree_leaves_no_trace(session: Session) -> None:
    assert seen(session, an_email(session, agreed=False)) == 0
    assert kept(session) == []


def test_a_machine_is_kept_apart_and_does_not_stand_in_a_readers_way(session: Session) -> None:
    email = an_email(session)
    seen(session, email, machine=Machine.BOT)
    seen(session, email)
    assert [row[3] for row in kept(session)] == ["", "bot"]


def test_a_click_seconds_after_the_sending_is_a_scanners(session: Session) -> None:
    email = an_email(session)
    seen(session, email, at=SENT + timedelta(seconds=2))
    assert [row[3] for row in kept(session)] == ["too_soon"]


def test_who_follows_every_link_at_once_is_a_program_also_for_the_links_before(session: Session) -> None:
    email = an_email(session)
    for number, link in enumerate(("/a", "/b", "/c", "/d")):
        seen(session, email, link, NOW + timedelta(seconds=number))
    assert [row[3] for row in kept(session)] == ["every_link"] * 4
    seen(session, email, "/a", NOW + timedelta(minutes=5))
    assert [(row[0], row[3]) for row in kept(session) if row[3] == ""] == [("/a", "")]


def test_two_links_in_a_row_are_a_readers(session: Session) -> None:
    email = an_email(session)
    seen(session, email, "/a")
    seen(session, email, "/b", NOW + timedelta(seconds=4))
    assert [row[3] for row in kept(session)] == ["", ""]


def test_an_e_mail_of_long_ago_says_nothing_any_more(session: Session) -> None:
    assert seen(session, an_email(session), at=NOW + timedelta(days=120)) == 0


def test_deeds_older_than_the_shop_keeps_steps_are_nobodys_and_stay_counted(session: Session) -> None:
    email = an_email(session)
    seen(session, email)
    seen(session, email, at=NOW + timedelta(days=2))
    assert forget_before(session, NOW + timedelta(days=1)) == 1
    assert forget_before(session, NOW + timedelta(days=1)) == 0
    assert len(kept(session)) == 2


def test_an_erased_contacts_deeds_are_nobodys(session: Session) -> None:
    email = an_email(session)
    seen(session, email)
    assert email.contact_id is not None
    assert forget(session, email.contact_id) == 1
    session.expire_all()
    assert session.scalars(select(Engagement.contact_id)).all() == [None]
