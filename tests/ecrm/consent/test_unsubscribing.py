"""The way out of e-mails: a POST acts at once and for good, a GET never does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from ecrm.installation import Installation
from ecrm.mail_links import mail_links
from ecrm.mailboxes import contact_for
from mailer.consent import ConsentEntry, Topic, subscribe, topics_wanted
from mailer.outbox import Email, State

from ...mailer.test_consent import put

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def ada(plugin: Installation) -> int:
    """Ada's contact, who wants every topic."""
    with plugin.app.app_context(), plugin.sessions.begin() as session:
        contact = contact_for(session, "ada@example.com", now=NOW)
        subscribe(session, contact.id, list(Topic), how="demo", wording="yes", now=NOW)
        return contact.id


@pytest.fixture
def link(plugin: Installation) -> Callable[..., str]:
    """The path of an unsubscribe link."""

    def link(contact_id: int, topic: str = "offers", email_id: int = 0) -> str:
        whole = mail_links(plugin).unsubscribe(contact_id=contact_id, topic=topic, email_id=email_id)
        return whole.removeprefix("http://localhost")

    return link


def wanted(plugin: Installation, contact_id: int) -> frozenset[Topic]:
    with plugin.sessions() as session:
        return topics_wanted(session, contact_id)


def test_one_click_ends_all_marketing_without_cookie_redirect_or_token(
    plugin: Installation, host: Flask, ada: int, link: Callable[..., str]
) -> None:
    host.config["WTF_CSRF_ENABLED"] = True
    answer = host.test_client(use_cookies=False).post(link(ada), data=ONE_CLICK)
    assert (answer.status_code, answer.mimetype, "Set-Cookie" in answer.headers) == (200, "text/plain", False)
    assert wanted(plugin, ada) == frozenset()


def test_one_click_may_come_as_a_multipart_form(
    plugin: Installation, browser: FlaskClient, ada: int, link: Callable[..., str]
) -> None:
    assert browser.post(link(ada), data=ONE_CLICK, content_type="multipart/form-data").status_code == 200
    assert wanted(plugin, ada) == frozenset()


def test_opening_the_link_never_acts(
    plugin: Installation, browser: FlaskClient, ada: int, link: Callable[..., str]
) -> None:
    for method in ("GET", "HEAD"):
        assert browser.open(link(ada), method=method).status_code == 200
    page = browser.get(link(ada))
    assert wanted(plugin, ada) == set(Topic)
    assert "ada@example.com" not in page.text  # forwarded e-mails take their links along
    assert page.headers["Cache-Control"] == "no-store"


def test_the_button_of_the_page_ends_all_or_one_topic(
    plugin: Installation, browser: FlaskClient, ada: int, link: Callable[..., str]
) -> None:
    assert "That topic is off" in browser.post(link(ada), data={"what": "topic"}).text
    assert wanted(plugin, ada) == set(Topic) - {Topic.OFFERS}
    assert "You are unsubscribed" in browser.post(link(ada), data={"what": "all"}).text
    assert wanted(plugin, ada) == frozenset()


def test_unsubscribing_twice_is_harmless_and_logged_once(
    plugin: Installation, browser: FlaskClient, ada: int, link: Callable[..., str]
) -> None:
    for _ in range(3):
        assert browser.post(link(ada, email_id=7), data=ONE_CLICK).status_code == 200
    with plugin.sessions() as session:
        entries = session.scalars(select(ConsentEntry).where(ConsentEntry.given.is_(False))).all()
    assert [(one.topic, one.how, one.proof) for one in entries] == [("", "one_click", "email:7")]


@pytest.mark.parametrize("token", ["made-up", "A" * 300, "ä", "%00", "AAAA.BBBB"])
def test_a_forged_link_changes_nothing(plugin: Installation, browser: FlaskClient, ada: int, token: str) -> None:
    for answer in (
        browser.get(f"/ecrm/unsubscribe/{token}"),
        browser.post(f"/ecrm/unsubscribe/{token}", data=ONE_CLICK),
    ):
        assert answer.status_code == 404
    assert wanted(plugin, ada) == set(Topic)


def test_the_link_of_somebody_who_was_erased_still_answers(browser: FlaskClient, link: Callable[..., str]) -> None:
    assert browser.post(link(999), data=ONE_CLICK).status_code == 200
    assert browser.get(link(999)).status_code == 200


def test_the_acknowledgement_waits_for_what_was_handed_over_before(
    plugin: Installation, host: Flask, ada: int, link: Callable[..., str]
) -> None:
    """An e-mail is in the server's hands while the withdrawal comes: the answer comes after it."""
    with plugin.sessions.begin() as session:
        email_id = put(session, ada)
        session.execute(update(Email).values(state=State.CLAIMED, claimed_at=NOW, handed_at=NOW))
    order: list[str] = []

    def server() -> None:
        time.sleep(0.4)
        order.append("taken")
        with plugin.sessions.begin() as session:
            session.execute(update(Email).where(Email.id == email_id).values(state=State.SENT))

    slow = threading.Thread(target=server)
    slow.start()
    host.test_client().post(link(ada), data=ONE_CLICK)
    order.append("acknowledged")
    slow.join()
    assert order == ["taken", "acknowledged"]


def test_what_waits_in_the_outbox_is_stopped_with_its_reason(
    plugin: Installation, browser: FlaskClient, ada: int, link: Callable[..., str]
) -> None:
    with plugin.sessions.begin() as session:
        offer, order = put(session, ada), put(session, ada, topic="", transactional=True)
    browser.post(link(ada), data=ONE_CLICK)
    with plugin.sessions() as session:
        assert session.get_one(Email, offer).state == State.SUPPRESSED
        assert session.get_one(Email, offer).reason == "unsubscribed"
        assert session.get_one(Email, order).state == State.QUEUED
