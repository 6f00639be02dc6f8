"""The preference page: topic by topic, by the link of an e-mail or signed in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import Markup
from sqlalchemy import select

from ecrm import CustomerFacts
from ecrm.consent import preferences
from ecrm.installation import Installation
from ecrm.mail_links import mail_links
from ecrm.mailboxes import contact_for
from mailer.consent import ConsentEntry, Topic, subscribe, topics_wanted
from mailer.consent_check import differences
from mailer.contacts import Contact
from mailer.suppression import Reason, lift, suppress
from tests.ecrm.slots_host import GardenShop
from tracking.customers import find_or_create_account

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ADA = CustomerFacts(customer_id="1", email="ada@example.com", first_name="Ada")


@pytest.fixture
def ada(plugin: Installation) -> int:
    with plugin.app.app_context(), plugin.sessions.begin() as session:
        contact = contact_for(session, "ada@example.com", now=NOW)
        subscribe(session, contact.id, [Topic.OFFERS, Topic.NEWSLETTER], how="demo", wording="yes", now=NOW)
        return contact.id


def path(plugin: Installation, contact_id: int) -> str:
    return mail_links(plugin).preferences(contact_id).removeprefix("http://localhost")


def wanted(plugin: Installation, contact_id: int) -> frozenset[Topic]:
    with plugin.sessions() as session:
        return topics_wanted(session, contact_id)


def test_what_is_ticked_is_what_comes(plugin: Installation, browser: FlaskClient, ada: int) -> None:
    answer = browser.post(
        path(plugin, ada), data={"topic": ["offers", "arrivals"], "tracking": "yes"}, follow_redirects=True
    )
    assert "Saved. It holds from this moment on." in answer.text
    assert wanted(plugin, ada) == {Topic.OFFERS, Topic.ARRIVALS}
    with plugin.sessions() as session:
        assert session.get_one(Contact, ada).tracking_allowed
        assert not list(differences(session))
        entries = session.scalars(select(ConsentEntry).where(ConsentEntry.how == "preferences")).all()
    assert {(one.topic, one.given) for one in entries} == {
        ("arrivals", True), ("newsletter", False), ("tracking", True),
    }  # fmt: skip
    assert "New things that fit what you like." in next(one.wording for one in entries if one.topic == "arrivals")


def test_everything_goes_off_at_once_and_can_be_switched_on_again(
    plugin: Installation, browser: FlaskClient, ada: int
) -> None:
    browser.post(path(plugin, ada), data={"off": "yes", "topic": ["offers"]})
    assert wanted(plugin, ada) == frozenset()
    browser.post(path(plugin, ada), data={"topic": ["reviews"]})
    assert wanted(plugin, ada) == {Topic.REVIEWS}


def test_taking_the_last_tick_away_is_everything_off(plugin: Installation, browser: FlaskClient, ada: int) -> None:
    browser.post(path(plugin, ada), data={})
    assert wanted(plugin, ada) == frozenset()


def test_what_is_unticked_while_the_mailbox_is_held_back_stays_off_when_it_no_longer_is(
    plugin: Installation, browser: FlaskClient, ada: int
) -> None:
    with plugin.sessions.begin() as session:
        suppress(session, ada, reason=Reason.COMPLAINT, now=NOW)
    browser.post(path(plugin, ada), data={"topic": ["newsletter"]})
    with plugin.sessions.begin() as session:
        lift(session, ada, now=NOW)
    assert wanted(plugin, ada) == {Topic.NEWSLETTER}
    with plugin.sessions() as session:
        off = select(ConsentEntry.topic).where(ConsentEntry.how == "preferences", ConsentEntry.given.is_(False))
        assert session.scalars(off).all() == ["offers"]
        assert not list(differences(session))


def test_unknown_topics_are_not_kept(plugin: Installation, browser: FlaskClient, ada: int) -> None:
    browser.post(path(plugin, ada), data={"topic": ["offers", "everything", "' or 1=1"]})
    assert wanted(plugin, ada) == {Topic.OFFERS}


def test_opening_the_page_changes_nothing_and_a_forged_link_opens_nothing(
    plugin: Installation, browser: FlaskClient, ada: int
) -> None:
    page = browser.get(path(plugin, ada))
    assert page.status_code == 200
    assert "ada@example.com" not in page.text
    assert wanted(plugin, ada) == {Topic.OFFERS, Topic.NEWSLETTER}
    for answer in (browser.get("/ecrm/preferences/forged"), browser.post("/ecrm/preferences/forged", data={})):
        assert answer.status_code == 404


def test_whose_mailbox_is_held_back_is_told(plugin: Installation, browser: FlaskClient, ada: int) -> None:
    with plugin.sessions.begin() as session:
        suppress(session, ada, reason=Reason.COMPLAINT, now=NOW)
    assert "We send nothing of this to the mailbox at present" in browser.get(path(plugin, ada)).text


def test_the_owner_of_the_mailbox_chooses_when_signed_in(
    plugin: Installation, host: Flask, shop: GardenShop, browser: FlaskClient, ada: int
) -> None:
    assert browser.get("/ecrm/preferences").location == "/in"
    assert browser.post("/ecrm/preferences").status_code == 400  # forged: no token
    host.config["WTF_CSRF_ENABLED"] = False
    assert browser.post("/ecrm/preferences").location == "/in"
    shop.customer = ADA
    with plugin.sessions.begin() as session:
        find_or_create_account(session, reference="1", email="ada@example.com", at=NOW)
    assert "We don&#39;t know yet that your account" in browser.get("/ecrm/preferences").text
    browser.post("/ecrm/preferences", data={"topic": "reviews"})
    assert wanted(plugin, ada) == {Topic.OFFERS, Topic.NEWSLETTER}  # somebody else's, for all we know
    with plugin.sessions.begin() as session:
        find_or_create_account(session, reference="1", email="ada@example.com", at=NOW, proved=True)
    assert "ada@example.com" in browser.get("/ecrm/preferences").text
    browser.post("/ecrm/preferences", data={"topic": "reviews"})
    assert wanted(plugin, ada) == {Topic.REVIEWS}


def test_other_parts_of_the_product_show_what_they_keep_there(
    plugin: Installation, browser: FlaskClient, ada: int
) -> None:
    part = lambda session, contact_id, token: Markup("<p>waits for {}</p>").format(contact_id)  # noqa: E731
    preferences.PARTS.append(part)
    try:
        assert f"<p>waits for {ada}</p>" in browser.get(path(plugin, ada)).text
    finally:
        preferences.PARTS.remove(part)
