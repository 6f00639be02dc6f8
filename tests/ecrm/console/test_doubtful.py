"""The list of e-mails in doubt, and the decision to send them again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from ecrm.access.audit import AuditEntry
from mailer.addressing import Mailbox
from mailer.outbox import Email, State
from mailer.unwritten import queue_unwritten

from .host import DeskStorefront

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def doubtful(sessions: sessionmaker[Session], ada: int) -> list[int]:
    """Two of a mailing in doubt, one of a flow deferred, and one dropped."""
    states = {
        "mailing:7": State.UNKNOWN,
        "mailing:8": State.UNKNOWN,
        "flow:cart": State.DEFERRED,
        "flow:x": State.DROPPED,
    }
    with sessions.begin() as session:
        ids = []
        for number, (source, state) in enumerate(states.items()):
            made = queue_unwritten(
                session, dedup_key=f"k{number}", template="mailing", sender=Mailbox("Shop", "shop@example.com"),
                to=Mailbox("Bo", f"bo{number}@example.com"), contact_id=1, topic="offers", source=source, priority=0,
                content={"shown": {"1": 1500}}, due_at=NOW, now=NOW,
            )  # fmt: skip
            assert made is not None
            row = session.get_one(Email, made)
            row.state, row.handed_at, row.reason = state, NOW, "mailing 9 went first" if "flow" in source else ""
            ids.append(made)
    return ids


def words(browser: FlaskClient, page: str) -> str:
    answer = browser.get(page)
    assert answer.status_code == 200
    return " ".join(BeautifulSoup(answer.text, "html.parser").get_text(" ").split())


def test_doubts_are_listed_by_what_they_came_from(browser: FlaskClient, doubtful: list[int]) -> None:
    text = words(browser, "/console/emails/doubtful")
    assert "mailing:7" in text
    assert "Flow “" not in text
    assert "bo0@example.com" in text
    assert "Decide about those in doubt" in words(browser, "/console/emails")


def test_they_are_sent_again_by_decision_and_the_audit_says_so(
    browser: FlaskClient, sessions: sessionmaker[Session], doubtful: list[int]
) -> None:
    page = BeautifulSoup(browser.get("/console/emails/doubtful").text, "html.parser")
    token = page.find("input", {"name": "csrf_token"})["value"]  # type: ignore[index]
    form = {"csrf_token": token, "source": "mailing:7"}
    browser.post("/console/emails/doubtful/send-again", data=form)
    with sessions() as session:
        assert session.get_one(Email, doubtful[0]).state == State.UNKNOWN
    browser.post("/console/emails/doubtful/send-again", data=form | {"sure": "yes"})
    with sessions() as session:
        states = [session.get_one(Email, one).state for one in doubtful]
        looks = session.scalars(select(AuditEntry).where(AuditEntry.action == "doubtful_sent_again")).all()
    assert states == [State.QUEUED, State.UNKNOWN, State.DEFERRED, State.DROPPED]
    assert [look.subject for look in looks] == ["emails:mailing:7"]


def test_a_packer_doesnt_decide_and_support_sees_no_button(
    browser: FlaskClient, storefront: DeskStorefront, doubtful: list[int]
) -> None:
    storefront.role = "support"
    assert "Resend" not in words(browser, "/console/emails/doubtful")


def test_deferred_and_dropped_ones_say_why(browser: FlaskClient, doubtful: list[int]) -> None:
    text = words(browser, "/console/emails?state=deferred")
    assert "mailing 9 went first" in text
    assert "until" in text
    page = words(browser, f"/console/emails/{doubtful[3]}")
    assert "mailing 9 went first" in page
    assert "15.00" in page
