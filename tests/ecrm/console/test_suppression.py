"""Held back, at the desk: looked up, added, lifted with a reason, imported after a look, exported as hashes."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from ecrm.access.audit import AuditEntry
from ecrm.mailboxes import address_hash
from mailer.contacts import Contact
from mailer.mailboxes import contact_of
from mailer.pausing import MARKETING, pause, standing_pauses
from mailer.suppression import Reason, Scope, Suppression, standing, suppress

from .host import DeskStorefront

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def send(browser: FlaskClient, token: str):  # type: ignore[no-untyped-def]
    """Post a form of the page."""

    def send(path: str, **form: str) -> TestResponse:
        return browser.post(f"/console/held-back{path}", data=form | {"csrf_token": token}, follow_redirects=True)

    return send


def held(sessions: sessionmaker[Session], address: str) -> list[tuple[str, int, str]]:
    with sessions() as session:
        contact = session.scalar(select(Contact).where(Contact.folded == address))
        return [(one.reason, one.scope, one.note) for one in standing(session, contact.id)] if contact else []


def test_a_mailbox_is_held_back_and_let_go_with_a_reason(send, sessions: sessionmaker[Session]) -> None:  # type: ignore[no-untyped-def]
    assert "Nothing stands against this mailbox." in send("/find", address="Bob@Example.com").text
    send("/add", address="bob@example.com", note="asked on the phone", scope="everything")
    assert held(sessions, "bob@example.com") == [("manual", Scope.EVERYTHING, "asked on the phone")]
    assert "asked on the phone" in send("/find", address="bob@example.com").text
    assert send("/lift", address="bob@example.com", note="").status_code == 422
    send("/lift", address="bob@example.com", note="changed their mind")
    assert held(sessions, "bob@example.com") == []
    with sessions() as session:
        deeds = [(one.action, one.reason) for one in session.scalars(select(AuditEntry).order_by(AuditEntry.id))]
    assert deeds == [
        ("suppression_searched", ""), ("suppressed", "asked on the phone"), ("suppression_searched", ""),
        ("suppression_lifted", "changed their mind"),
    ]  # fmt: skip


@pytest.mark.parametrize("address", ["", "bob", "a@b, c@d", "bob@example.com\nx"])
def test_what_is_no_address_is_refused_in_words(send, address: str) -> None:  # type: ignore[no-untyped-def]
    assert send("/find", address=address).status_code in {400, 422}
    assert send("/add", address=address, note="why").status_code in {400, 422}


def test_a_list_is_looked_through_before_it_is_written(  # type: ignore[no-untyped-def]
    send, sessions: sessionmaker[Session], desk: Flask
) -> None:
    with desk.app_context():
        hashed = address_hash()
    with sessions.begin() as session:
        known = contact_of(session, "known@example.com", now=NOW, hashed=hashed)
        contact_of(session, "free@example.com", now=NOW, hashed=hashed)
        suppress(session, known.id, reason=Reason.COMPLAINT, now=NOW)
    listed = f"email;why\nknown@example.com;x\nnew@example.com;x\nnonsense\n{hashed('free@example.com')}\n{'0' * 64}\n"
    page = send("/import", list=listed).text
    assert "3 new, 1 are held back already, 1 lines can't be read." in page.replace("&#39;", "'")
    assert held(sessions, "new@example.com") == []
    send("/import", list=listed, write="yes")
    assert [one[0] for one in held(sessions, "new@example.com")] == ["imported"]
    assert [one[0] for one in held(sessions, "free@example.com")] == ["imported"]
    with sessions() as session:
        assert session.scalar(select(Suppression.contact_id).where(Suppression.address_hash == "0" * 64)) is None
    again = send("/import", list=listed).text
    assert "0 new, 4 are held back already" in again


def test_a_list_that_is_too_long_is_refused_whole(send, sessions: sessionmaker[Session]) -> None:  # type: ignore[no-untyped-def]
    answer = send("/import", list="bob@example.com\n" + "x\n" * 100_000, write="yes")
    assert answer.status_code == 422
    assert "100001 lines" in answer.text
    assert held(sessions, "bob@example.com") == []


def test_an_export_holds_hashes_and_no_address(  # type: ignore[no-untyped-def]
    send, sessions: sessionmaker[Session], desk: Flask
) -> None:
    with desk.app_context():
        hashed = address_hash()
    with sessions.begin() as session:
        suppress(
            session, contact_of(session, "bob@example.com", now=NOW, hashed=hashed).id, reason=Reason.MANUAL, now=NOW
        )
    text = send("/export").text
    rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))
    assert rows == [
        ["hash", "reason", "scope", "since"],
        [hashed("bob@example.com"), "manual", "marketing", "2026-11-20"],
    ]
    assert "bob" not in text


def test_what_paused_by_itself_is_released_by_a_person(send, sessions: sessionmaker[Session]) -> None:  # type: ignore[no-untyped-def]
    with sessions.begin() as session:
        pause(session, MARKETING, reason="4 complaints about 900 e-mails", now=NOW)
        pause_id = standing_pauses(session)[0].id
    assert "4 complaints about 900 e-mails" in send("/find", address="a@example.com").text
    assert send(f"/pauses/{pause_id}/release").status_code == 400
    send(f"/pauses/{pause_id}/release", sure="yes")
    with sessions() as session:
        assert standing_pauses(session) == []


def test_a_marketer_sees_that_mailboxes_are_held_back_and_not_whose(  # type: ignore[no-untyped-def]
    browser: FlaskClient, storefront: DeskStorefront, sessions: sessionmaker[Session], desk: Flask, send
) -> None:
    with desk.app_context():
        hashed = address_hash()
    with sessions.begin() as session:
        contact = contact_of(session, "bob@example.com", now=NOW, hashed=hashed)
        suppress(session, contact.id, reason=Reason.HARD_BOUNCE, now=NOW, note="550 bob@example.com unknown")
    storefront.role = "marketer"
    page = browser.get("/console/held-back").text
    assert "b…@example.com" in page
    assert not re.search(r"bob@", page)
    assert send("/find", address="bob@example.com").status_code == 403
