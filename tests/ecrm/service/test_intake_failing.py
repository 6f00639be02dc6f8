"""What fails while a letter is taken in loses nothing, and makes nothing twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from ecrm.installation import Installation
from ecrm.service import inbound_mail, intake
from ecrm.service.cases import CaseAttachment
from ecrm.storefront import ShopFacts
from ecrm.timetable import job_named

from .desk import NOW, cases_of, come_in, letter, mails, ready, said


@pytest.fixture
def plugin(plugin: Installation) -> Installation:
    return ready(plugin)


def test_what_fails_waits_with_the_message_whole(plugin: Installation) -> None:
    class OnFire:
        def facts(self) -> ShopFacts:
            raise RuntimeError("the shop is on fire")

    shop, plugin.storefront = plugin.storefront, OnFire()  # type: ignore[assignment]
    assert come_in(plugin, letter()) == "put_aside"
    (mail,) = mails(plugin)
    assert mail.why == "it can't be made a case (RuntimeError)"
    assert b"Where is my parcel?" in (mail.message or b"")
    plugin.storefront = shop
    assert intake.digest(plugin, mail.id, now=NOW, forced=True) == "case"


def test_a_database_that_fails_for_a_moment_puts_nothing_aside(plugin: Installation) -> None:
    class Busy:
        def facts(self) -> ShopFacts:
            raise OperationalError("", {}, Exception("database is locked"))

    shop, plugin.storefront = plugin.storefront, Busy()  # type: ignore[assignment]
    assert [come_in(plugin, letter("first")), come_in(plugin, letter("second"))] == ["taken", "taken"]
    first, second = mails(plugin)
    assert intake.digest(plugin, first.id, now=NOW + timedelta(minutes=20)) == "taken"
    assert intake.digest(plugin, first.id, now=NOW + timedelta(minutes=40)) == "put_aside"
    plugin.storefront = shop
    assert intake.digest_waiting(plugin, now=NOW + timedelta(minutes=40)) == 1
    assert [one.state for one in mails(plugin)] == ["put_aside", "case"]
    assert mails(plugin)[1].id == second.id


def test_who_fails_after_another_made_the_case_leaves_it_at_that(plugin: Installation) -> None:
    shop = plugin.storefront

    class Slow:
        def facts(self) -> ShopFacts:
            plugin.storefront = shop
            assert intake.digest(plugin, mails(plugin)[0].id, now=NOW) == "case"
            raise RuntimeError("too late")

    plugin.storefront = Slow()  # type: ignore[assignment]
    assert come_in(plugin, letter()) == "gone"
    (mail,), (case,) = mails(plugin), cases_of(plugin)
    assert (mail.state, mail.case_id) == ("case", case.id)
    assert intake.digest(plugin, mail.id, now=NOW, forced=True) == "gone"


def test_a_crash_between_taking_and_reading_loses_nothing(plugin: Installation) -> None:
    with plugin.sessions.begin() as session:
        inbound_mail.keep(session, letter().as_bytes(), source="imap", recipient="", now=NOW)
    assert job_named("digest-mail").run(plugin) == "1 letters made cases"
    assert len(cases_of(plugin)) == 1


def test_a_letter_that_ends_the_process_is_put_aside_after_three_times_and_only_its_beginning_is_read(
    plugin: Installation,
) -> None:
    message = letter("Where is my parcel?")
    message.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="bill.pdf")
    with plugin.sessions.begin() as session:
        inbound_mail.keep(session, message.as_bytes(), source="imap", recipient="", now=NOW)
    for attempt in range(1, 4):  # each time, all that is left of the process is that it began
        with plugin.sessions.begin() as session:
            begun = inbound_mail.begin(session, mails(plugin)[0].id, states=("taken",), now=NOW)  # type: ignore[arg-type]
            assert begun is not None
            assert begun.attempts == attempt
    assert intake.digest_waiting(plugin, now=NOW + timedelta(minutes=5)) == 0  # somebody may be at it
    assert intake.digest_waiting(plugin, now=NOW + timedelta(minutes=30)) == 1
    (mail,) = mails(plugin)
    assert (mail.state, mail.from_folded, mail.subject) == ("put_aside", "ada@example.net", "My parcel")
    assert "ended the process" in mail.why
    assert intake.digest(plugin, mail.id, now=NOW, forced=True) == "case"
    (case,) = cases_of(plugin)
    assert "Where is my parcel?" in said(plugin, case)[0].text
    with plugin.sessions() as session:
        assert [one.name for one in session.scalars(select(CaseAttachment))] == ["message.eml.txt"]
