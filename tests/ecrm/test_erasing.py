"""Erased: no table holds the address any more, and a mailbox that was held back is known again by its hash."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from ecrm import events
from ecrm.access.audit import at_command_line
from ecrm.erasing import erase_mail, forget_unconfirmed
from ecrm.installation import Installation
from ecrm.keeping import NotErasable
from ecrm.mailboxes import contact_for
from ecrm.tables import METADATA
from mailer.consent import ConsentEntry, Topic, subscribe, topics_wanted, withdraw
from mailer.consent_check import differences
from mailer.contacts import Contact
from mailer.outbox import Email, State
from mailer.reports import Kind, Reported, take_report
from mailer.suppression import Reason, lock, standing, suppress
from tests.ecrm.slots_host import crm
from tests.mailer.test_consent import put
from tracking.customers import find_or_create_account

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ADDRESS = "ada.lovelace@example.com"


@pytest.fixture
def ada(plugin: Installation, browser: FlaskClient) -> int:
    """A guest who signed up, agreed in the checkout, got an e-mail that came back, and complained."""
    browser.post("/ecrm/newsletter", data={"email": ADDRESS})
    person = events.Person(email=ADDRESS, first_name="Ada")
    with plugin.app.test_request_context():
        crm.tell(
            events.ConsentGiven(
                at=NOW, person=person, topics=("offers",), wording="Yes", how="checkout", consent_id="O-1"
            )
        )
    with plugin.app.app_context(), plugin.sessions.begin() as session:
        contact = contact_for(session, ADDRESS, now=NOW)
        subscribe(session, contact.id, list(Topic), how="demo", wording="yes", now=NOW)
        email = session.get_one(Email, put(session, contact.id))
        email.to_address = ADDRESS
        session.flush()
        bounce = Reported(kind=Kind.SOFT, message_id=email.message_id, diagnostic=f"<{ADDRESS}> is full")
        take_report(session, bounce, source="imap", now=NOW)
        suppress(session, contact.id, reason=Reason.COMPLAINT, now=NOW, note=f"by {ADDRESS}")
        return contact.id


def where_it_stands(session: Session) -> list[str]:
    """Every table of the CRM whose rows hold the address anywhere."""
    found = []
    for table in METADATA.sorted_tables:
        rows = session.execute(text(f'SELECT * FROM "{table.name}"'))  # noqa: S608 (our own tables' names)
        if any("lovelace" in str(tuple(row)).lower() for row in rows):
            found.append(table.name)
    return found


def test_nothing_is_left_that_leads_to_the_person(plugin: Installation, ada: int) -> None:
    with plugin.sessions() as session:
        assert where_it_stands(session) != []
    done = erase_mail(plugin, ADDRESS.upper(), reason="asked", staff=at_command_line())
    assert done.hashes == 1
    with plugin.sessions() as session:
        assert where_it_stands(session) == []
        assert session.scalar(select(func.count()).select_from(ConsentEntry)) == 0
        assert set(session.scalars(select(Email.state))) == {State.SUPPRESSED}
        assert not list(differences(session))


def test_a_mailbox_that_was_held_back_is_known_again(plugin: Installation, host: Flask, ada: int) -> None:
    erase_mail(plugin, ADDRESS, reason="asked", staff=at_command_line())
    with host.app_context(), plugin.sessions.begin() as session:
        back, other = (contact_for(session, one, now=NOW) for one in (ADDRESS, "bob@example.com"))
        assert (back.id == ada, back.blocked, other.blocked) == (False, 1, 0)
        assert [one.reason for one in standing(session, back.id)] == ["complaint"]
        assert not list(differences(session))


def test_the_other_mailboxes_of_a_customer_are_forgotten_too_and_nobody_elses(plugin: Installation) -> None:
    with plugin.app.app_context(), plugin.sessions.begin() as session:
        for address in ("ada.lovelace.old@example.com", ADDRESS):
            find_or_create_account(session, reference="1", email=address, at=NOW, proved=True)
        find_or_create_account(session, reference="2", email=ADDRESS, at=NOW)  # says so, and owns another mailbox
        find_or_create_account(session, reference="2", email="eve@example.com", at=NOW, proved=True)
        for address in ("ada.lovelace.old@example.com", ADDRESS, "eve@example.com"):
            subscribe(session, contact_for(session, address, now=NOW).id, [Topic.OFFERS], how="t", wording="w", now=NOW)
        old = contact_for(session, "ada.lovelace.old@example.com", now=NOW).id
        suppress(session, old, reason=Reason.COMPLAINT, now=NOW)
    assert erase_mail(plugin, ADDRESS, reason="asked", staff=at_command_line()).hashes == 1
    with plugin.sessions() as session:
        assert set(where_it_stands(session)) <= {"ecrm_customer", "ecrm_customer_email"}
        left = session.scalars(select(Contact).where(Contact.folded.is_not(None))).all()
        assert [(one.address, sorted(topics_wanted(session, one.id))) for one in left] == [
            ("eve@example.com", ["offers"])
        ]


def test_a_withdrawal_during_the_erasure_of_several_mailboxes_is_waited_for(plugin: Installation) -> None:
    addresses = ("ada.lovelace.old@example.com", ADDRESS)
    with plugin.app.app_context(), plugin.sessions.begin() as session:
        for address in addresses:
            owner = find_or_create_account(session, reference="1", email=address, at=NOW, proved=True)
        contacts = [contact_for(session, address, now=NOW).id for address in addresses]
        for contact in contacts:
            session.get_one(Email, put(session, contact)).customer_id = owner.id
    with ThreadPoolExecutor(1) as other:
        with plugin.sessions.begin() as session:
            lock(session, contacts[1])
            erasing = other.submit(erase_mail, plugin, ADDRESS, reason="asked", staff=at_command_line())
            wait([erasing], timeout=0.5)
            withdraw(session, contacts[1], how="one_click", now=NOW)
        assert erasing.result().emails == 2
    with plugin.sessions() as session:
        assert set(session.scalars(select(Email.to_address))) == {""}


def test_whom_nobody_knows_cannot_be_erased(plugin: Installation) -> None:
    with pytest.raises(NotErasable):
        erase_mail(plugin, "nobody@example.com", reason="asked", staff=at_command_line())


def test_the_command_erases_a_mailbox_that_is_no_customers(plugin: Installation, host: Flask, ada: int) -> None:
    runner = host.test_cli_runner()
    done = runner.invoke(args=["ecrm", "erase", ADDRESS, "--reason", "asked", "--yes"])
    assert done.exit_code == 0, done.output
    assert "e-mails emptied" in done.output
    again = runner.invoke(args=["ecrm", "erase", ADDRESS, "--reason", "asked", "--yes"])
    assert again.exit_code == 1


def test_an_address_that_nobody_confirmed_is_forgotten_after_a_month(
    plugin: Installation, host: Flask, browser: FlaskClient, ada: int
) -> None:
    browser.post("/ecrm/newsletter", data={"email": "somebody.typed.this@example.com"})
    with plugin.sessions() as session:
        typed = "select count(*) from ecrm_email where to_address like 'somebody%'"
        assert session.scalar(text(typed)) == 1
    assert forget_unconfirmed(plugin) == 0
    with time_machine.travel(datetime.now(UTC) + timedelta(days=31), tick=False):
        assert forget_unconfirmed(plugin) == 1
    with plugin.sessions() as session:
        assert session.scalar(text(typed)) == 0
        assert "ecrm_contact" in where_it_stands(session)  # who agreed to something stays known
