"""Signing up: nothing is sent to a mailbox before its reader said yes, and nobody learns who is known here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ecrm import CustomerFacts, events
from ecrm.consent import double_opt_in, signing_up
from ecrm.installation import Installation, installation
from ecrm.mailboxes import contact_for
from mailer.consent import ConsentEntry, Topic, subscribe, topics_wanted, withdraw
from mailer.consent_check import differences
from mailer.contacts import Contact
from mailer.double_opt_in import MAX_AN_HOUR, ConsentRequest
from mailer.mailboxes import contact_by_address
from mailer.outbox import Email
from mailer.suppression import Reason, suppress
from tests.ecrm.slots_host import GardenShop, crm

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock(host: Flask) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def letters(plugin: Installation) -> list[Email]:
    with plugin.sessions() as session:
        return list(session.scalars(select(Email).where(Email.template == "consent_confirm").order_by(Email.id)))


def link(plugin: Installation) -> str:
    found = re.search(r"http://localhost(/ecrm/confirm/\S+)", letters(plugin)[-1].text)
    assert found is not None
    return found.group(1)


def wanted(plugin: Installation, address: str = "ada@example.com") -> frozenset[Topic]:
    with plugin.sessions() as session:
        contact = contact_by_address(session, address)
        return topics_wanted(session, contact.id) if contact else frozenset()


def test_a_mailbox_is_written_to_only_after_its_reader_said_yes(
    plugin: Installation, browser: FlaskClient, clock: time_machine.Traveller
) -> None:
    answer = browser.post("/ecrm/newsletter", data={"email": " Ada@Example.com "}, follow_redirects=True)
    assert "Please look into your mailbox" in answer.text
    assert [one.to_address for one in letters(plugin)] == ["Ada@example.com"]
    assert wanted(plugin) == frozenset()
    assert "Yes, write to me" in browser.get(link(plugin)).text
    assert wanted(plugin) == frozenset()  # opening it changes nothing
    assert "it&#39;s confirmed" in browser.post(link(plugin)).text
    assert wanted(plugin) == {Topic.NEWSLETTER, Topic.OFFERS, Topic.ARRIVALS}
    assert browser.post(link(plugin)).status_code == 200
    with plugin.sessions() as session:
        assert session.scalars(select(Contact.confirmed_at)).one() == NOW
        entries = session.scalars(select(ConsentEntry)).all()
        assert not list(differences(session))
    assert {one.how for one in entries} == {"newsletter form"}
    assert all("I can end it at any time" in one.wording and one.proof == "double opt-in:1" for one in entries)
    assert len(entries) == 3


def test_the_link_ends_after_a_week(plugin: Installation, browser: FlaskClient, clock: time_machine.Traveller) -> None:
    browser.post("/ecrm/newsletter", data={"email": "ada@example.com"})
    clock.move_to(NOW + timedelta(days=7, seconds=1))
    for answer in (browser.get(link(plugin)), browser.post(link(plugin)), browser.get("/ecrm/confirm/forged")):
        assert answer.status_code == 410
    assert wanted(plugin) == frozenset()


def test_a_stranger_can_neither_fill_a_mailbox_nor_learn_who_is_known(
    plugin: Installation, browser: FlaskClient, clock: time_machine.Traveller
) -> None:
    with plugin.app.app_context(), plugin.sessions.begin() as session:
        blocked = contact_for(session, "angry@example.com", now=NOW)
        suppress(session, blocked.id, reason=Reason.COMPLAINT, now=NOW)
    answers = {
        browser.post("/ecrm/newsletter", data={"email": address}, follow_redirects=True).text
        for address in ("angry@example.com", "nobody@example.com", *["ada@example.com"] * (MAX_AN_HOUR + 2))
    }
    assert len(answers) == 1
    sent = [one.to_address for one in letters(plugin)]
    assert sent == ["nobody@example.com", *["ada@example.com"] * MAX_AN_HOUR]


def test_what_is_no_address_is_asked_for_again_in_words(plugin: Installation, browser: FlaskClient) -> None:
    for typed in ("", "ada", "a@b@c", "ada@example.com, eve@example.com", "x\r\nBcc: eve@example.com"):
        answer = browser.post("/ecrm/newsletter", data={"email": typed})
        assert answer.status_code == 422
    assert "That is no e-mail address" in answer.text
    assert letters(plugin) == []


def test_programs_that_fill_in_every_field_sign_nobody_up(plugin: Installation, browser: FlaskClient) -> None:
    assert (
        browser.post("/ecrm/newsletter", data={"email": "a@example.com", "website": "http://spam"}).status_code == 303
    )
    assert letters(plugin) == []


def test_too_many_sign_ups_from_one_address_are_refused_in_words(plugin: Installation, browser: FlaskClient) -> None:
    answers = [browser.post("/ecrm/newsletter", data={"email": f"{n}@example.com"}) for n in range(12)]
    assert answers[-1].status_code == 429
    assert len(letters(plugin)) == 10


def tell(plugin: Installation, *, customer_id: str | None, proved: bool, agreed: str = "yes") -> None:
    person = events.Person(email="ada@example.com", customer_id=customer_id, email_proved=proved, first_name="Ada")
    with plugin.app.test_request_context():
        topics, wording = crm.agreed({"ecrm_agree": agreed})
        crm.tell(events.SignedUp(at=NOW, person=person)) if customer_id else None
        if topics:
            crm.tell(events.ConsentGiven(
                at=NOW, person=person, topics=topics, wording=wording, how="checkout", consent_id="O-1",
            ))  # fmt: skip


def test_the_box_subscribes_whose_mailbox_is_proved_at_once(plugin: Installation) -> None:
    tell(plugin, customer_id="1", proved=True)
    assert wanted(plugin) == {Topic.NEWSLETTER, Topic.OFFERS, Topic.ARRIVALS}
    assert letters(plugin) == []


@pytest.mark.parametrize(
    ("ended", "left"),
    [([Topic.OFFERS], {Topic.NEWSLETTER, Topic.ARRIVALS}), (None, set())],
    ids=["one topic", "everything"],
)
def test_what_was_withdrawn_meanwhile_stays_so_when_the_box_is_only_heard_of_later(
    plugin: Installation, ended: list[Topic] | None, left: set[Topic]
) -> None:
    with plugin.app.app_context(), plugin.sessions.begin() as session:
        contact = contact_for(session, "ada@example.com", now=NOW).id
        subscribe(session, contact, [Topic.OFFERS], how="test", wording="Yes", now=NOW - timedelta(days=3))
        withdraw(session, contact, ended, how="one_click", now=NOW + timedelta(minutes=1))
    tell(plugin, customer_id="1", proved=True)
    assert wanted(plugin) == left
    with plugin.sessions() as session:
        assert list(differences(session)) == []


def test_who_had_left_before_and_leaves_once_more_meanwhile_stays_left(plugin: Installation) -> None:
    with plugin.app.app_context(), plugin.sessions.begin() as session:
        contact = contact_for(session, "ada@example.com", now=NOW).id
        withdraw(session, contact, how="one_click", now=NOW - timedelta(days=3))
        assert not withdraw(session, contact, how="preferences", now=NOW + timedelta(minutes=1))
    tell(plugin, customer_id="1", proved=True)
    assert wanted(plugin) == frozenset()
    with plugin.sessions() as session:
        assert [one.given for one in session.scalars(select(ConsentEntry))] == [False]


@pytest.mark.parametrize("customer_id", [None, "1"])
def test_the_box_asks_everybody_else_by_a_letter(plugin: Installation, customer_id: str | None) -> None:
    tell(plugin, customer_id=customer_id, proved=False)
    assert wanted(plugin) == frozenset()
    assert len(letters(plugin)) == 1


def test_a_box_that_is_not_ticked_says_nothing(plugin: Installation) -> None:
    for answer in ("", "no", "on"):
        tell(plugin, customer_id="1", proved=True, agreed=answer)
    with plugin.sessions() as session:
        assert session.scalar(select(func.count()).select_from(ConsentEntry)) == 0


def test_the_box_is_never_ticked_beforehand(browser: FlaskClient) -> None:
    html = browser.get("/", query_string={"page": "{{ crm.consent_box() }}"}).text
    assert 'type="checkbox"' in html
    assert "checked" not in html


def test_the_form_is_for_strangers_and_needs_no_cookie(
    browser: FlaskClient, shop: GardenShop, plugin: Installation
) -> None:
    page = browser.get("/", query_string={"page": "{{ crm.newsletter_form() }}"})
    assert 'action="/ecrm/newsletter"' in page.text
    assert "csrf_token" not in page.text
    shop.customer = CustomerFacts(customer_id="1", email="ada@example.com", first_name="Ada")
    html = browser.get("/", query_string={"page": "{{ crm.newsletter_form() }}"}).text
    assert 'href="/ecrm/preferences"' in html
    assert "<form" not in html


def test_who_put_something_into_a_request_gets_it_with_the_confirmation(
    plugin: Installation, browser: FlaskClient, host: Flask
) -> None:
    got: list[dict[str, object]] = []

    def also(session: Session, request: ConsentRequest) -> None:
        got.append(request.about)

    double_opt_in.ON_CONFIRMED.append(also)
    try:
        with host.app_context(), installation(host).sessions.begin() as session:
            double_opt_in.ask_to_confirm(
                session, "ada@example.com", [Topic.RESTOCK], how="waitlist", wording="w", now=datetime.now(UTC),
                about={"product": "rake"}, what="when the rake is back",
            )  # fmt: skip
        assert "when the rake is back" in letters(plugin)[-1].text
        for _ in range(2):
            browser.post(link(plugin))
    finally:
        double_opt_in.ON_CONFIRMED.remove(also)
    assert got == [{"product": "rake"}]


def test_a_form_that_comes_back_keeps_the_person_s_own_tick(host: Flask) -> None:
    for method, form, ticked in (("GET", {}, False), ("POST", {"ecrm_agree": "yes"}, True), ("POST", {}, False)):
        with host.test_request_context("/", method=method, data=form):
            assert ("checked" in signing_up.consent_box_html()) is ticked
