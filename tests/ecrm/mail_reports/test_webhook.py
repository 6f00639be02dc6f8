"""Reports by a signed call: what isn't signed, or is old, has no effect; what comes again neither."""

from __future__ import annotations

import hmac
import json
import time
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from ecrm.installation import Installation
from mailer.outbox import Email, State
from mailer.reports import MailReport
from tests.mailer.reports_material import complaint, dsn
from tests.mailer.test_bounces import sent

SECRET, MAILGUN = "a secret of the shop", "mailgun's key"


@pytest.fixture
def email(host: Flask, plugin: Installation) -> Email:
    """An e-mail that was sent to Ada, of a host that has both secrets."""
    host.config.update(ECRM_REPORTS_SECRET=SECRET, ECRM_MAILGUN_KEY=MAILGUN)
    with plugin.sessions.begin() as session:
        return sent(session)


def call(
    browser: FlaskClient, body: bytes, *, at: float | None = None, secret: str = SECRET, **how: Any
) -> TestResponse:
    stamp = str(int(time.time() if at is None else at))
    signature = hmac.digest(secret.encode(), stamp.encode() + b"." + body, "sha256").hex()
    headers = {"X-Mail-Timestamp": stamp, "X-Mail-Signature": signature} | how.pop("headers", {})
    return browser.post("/ecrm/mail-reports", data=body, headers=headers, **how)


def state(plugin: Installation) -> tuple[str, int]:
    """Of the only e-mail, and how many reports there are."""
    with plugin.sessions() as session:
        reports = session.scalar(select(func.count()).select_from(MailReport)) or 0
        return session.scalars(select(Email.state)).one(), reports


def test_a_signed_message_is_taken_once(browser: FlaskClient, plugin: Installation, email: Email) -> None:
    answers = [call(browser, dsn(email.message_id), content_type="message/rfc822").json for _ in range(3)]
    assert answers == [{"reports": ["suppressed"]}, {"reports": ["repeated"]}, {"reports": ["repeated"]}]
    assert state(plugin) == (State.BOUNCED, 1)


def test_signed_json_is_taken(browser: FlaskClient, plugin: Installation, email: Email) -> None:
    told = [{"kind": "hard", "message_id": email.message_id, "status": "5.1.1", "diagnostic": "no \x00 such user"}]
    answer = call(browser, json.dumps(told).encode(), content_type="application/json")
    assert answer.json == {"reports": ["suppressed"]}
    assert state(plugin) == (State.BOUNCED, 1)


def test_more_reports_than_are_taken_at_once_are_refused_whole(
    browser: FlaskClient, plugin: Installation, email: Email
) -> None:
    told = [{"kind": "hard", "message_id": email.message_id}] * 1001
    answer = call(browser, json.dumps(told).encode(), content_type="application/json")
    assert answer.status_code == 413
    assert "at most 1000" in answer.text
    assert state(plugin) == (State.SENT, 0)
    answer = call(browser, json.dumps(told[:150]).encode(), content_type="application/json")
    assert answer.json == {"reports": ["suppressed"] + ["repeated"] * 149}


@pytest.mark.parametrize(
    "forged",
    [
        {"secret": "another secret"}, {"at": 0}, {"at": time.time() + 3600}, {"headers": {"X-Mail-Signature": ""}},
        {"headers": {"X-Mail-Timestamp": "ä" * 20}}, {"headers": {"X-Mail-Timestamp": "1e9"}},
    ],
)  # fmt: skip
def test_what_is_forged_or_old_is_refused_and_has_no_effect(
    browser: FlaskClient, plugin: Installation, email: Email, forged: dict[str, Any]
) -> None:
    answer = call(browser, complaint(email.message_id), content_type="message/rfc822", **forged)
    assert answer.status_code == 401
    assert state(plugin) == (State.SENT, 0)


def test_without_a_secret_nothing_is_taken(
    browser: FlaskClient, plugin: Installation, host: Flask, email: Email
) -> None:
    host.config.update(ECRM_REPORTS_SECRET="", ECRM_MAILGUN_KEY="")
    assert call(browser, dsn(email.message_id), content_type="message/rfc822", secret="").status_code == 401
    assert browser.post("/ecrm/mail-reports", json={}).status_code == 401
    assert state(plugin) == (State.SENT, 0)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400), (b"[" * 10000, 400), (b"{}", 422), (b'[{"kind": "love", "message_id": "<1>"}]', 422),
        (b"[1]", 422), (b"null", 422),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_words(browser: FlaskClient, email: Email, body: bytes, status: int) -> None:
    assert call(browser, body, content_type="application/json").status_code == status


def mailgun(email: Email, *, key: str = MAILGUN, **event: Any) -> dict[str, Any]:
    stamp = str(int(time.time()))
    signature = hmac.digest(key.encode(), f"{stamp}token".encode(), "sha256").hex()
    message = {"headers": {"message-id": email.message_id.strip("<>")}}
    return {
        "signature": {"timestamp": stamp, "token": "token", "signature": signature},
        "event-data": {"message": message, "recipient": "ada@example.com"} | event,
    }


@pytest.mark.parametrize(
    ("event", "taken", "becomes"),
    [
        (
            {"event": "failed", "severity": "permanent", "delivery-status": {"code": 550, "message": "no"}},
            ["suppressed"], State.BOUNCED,
        ),
        ({"event": "failed", "severity": "temporary"}, ["noted"], State.SENT),
        ({"event": "failed", "severity": "permanent", "reason": "old"}, ["noted"], State.SENT),
        ({"event": "complained"}, ["suppressed"], State.SENT),
        ({"event": "delivered"}, [], State.SENT),
        ({"event": "failed", "message": "?"}, [], State.SENT),
    ],
)  # fmt: skip
def test_mailgun_is_understood_as_it_is(
    browser: FlaskClient, plugin: Installation, email: Email, event: dict[str, Any], taken: list[str], becomes: State
) -> None:
    assert browser.post("/ecrm/mail-reports", json=mailgun(email, **event)).json == {"reports": taken}
    assert state(plugin)[0] == becomes


def test_mailgun_s_name_alone_opens_nothing(browser: FlaskClient, plugin: Installation, email: Email) -> None:
    for told in (mailgun(email, key="wrong", event="complained"), {"event-data": {}}, [], {"signature": 1}):
        assert browser.post("/ecrm/mail-reports", json=told).status_code == 401
    assert state(plugin) == (State.SENT, 0)
