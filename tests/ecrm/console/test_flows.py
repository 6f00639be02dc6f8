"""The pages of flows and rehearsals: looked at, set, refused in words; each change stands in the audit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from ecrm.access.audit import AuditEntry
from ecrm.installation import installation
from ecrm.rehearsal_book import KEPT, Rehearsal, run_asked
from mailer.contacts import Contact
from mailer.flows.entry import FlowEntry, FlowSetting
from mailer.flows.registry import FLOWS

from .host import DeskStorefront

CART = "/console/flows/cart"
REHEARSALS = "/console/flows/rehearsals"
FORM = {"on": "1", "control": "20", "idle": "30 min", "after:first": "90 min", "after:second": "1 d"}


def words(page: str) -> str:
    return " ".join(BeautifulSoup(page, "html.parser").text.split())


@pytest.fixture
def entered(sessions: sessionmaker[Session], ada: int) -> None:
    """Ada is in the cart's flow."""
    now = datetime.now(UTC)
    with sessions.begin() as session:
        contact = Contact(folded="ada@x.example", address="ada@x.example", customer_id=ada, created_at=now)
        session.add(contact)
        session.flush()
        session.add(
            FlowEntry(
                flow="cart", cause="1", contact_id=contact.id, customer_id=ada, topic="reminders", control=True,
                caused_at=now, entered_at=now, due_at=now + timedelta(hours=1), data={"cart": "1"},
            )
        )  # fmt: skip


@pytest.mark.usefixtures("entered")
def test_all_flows_are_listed_with_how_many_are_in_them(browser: FlaskClient) -> None:
    page = BeautifulSoup(browser.get("/console/flows").text, "html.parser")
    rows = {row.find("a").text: [cell.text for cell in row.find_all("td")] for row in page.select("tbody tr")}  # type: ignore[union-attr]
    assert len(rows) == len(FLOWS)
    assert rows["Abandoned cart"] == ["on", "Reminders", "2", "10%", "1", "1", "0", "0"]


@pytest.mark.usefixtures("entered")
def test_a_flow_shows_its_steps_its_settings_and_who_is_in_it(browser: FlaskClient) -> None:
    page = words(browser.get(CART).text)
    assert "1. flow_cart" in page
    assert "under way control group" in page
    fields = {
        one["name"]: one.get("value")
        for one in BeautifulSoup(browser.get(CART).text, "html.parser").select("form.panel input")
    }
    assert (fields["idle"], fields["after:first"], fields["after:second"]) == ("15 min", "1 h", "1 d")


def test_a_flow_is_set_and_the_audit_says_what_changed(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session]
) -> None:
    answer = browser.post(CART, data=FORM | {"csrf_token": token})
    assert answer.status_code == 303
    with sessions() as session:
        setting = session.get_one(FlowSetting, "cart")
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "flow_changed")).one()
    assert (setting.control_percent, setting.knobs) == (20, {"idle": 30, "after:first": 90})
    assert setting.control_since == setting.changed_at is not None
    page = words(browser.get("/console/mail-results/flow:cart").text)
    assert "since the share of those left out was last changed" in page
    assert entry.reason == "control group 10 → 20 %; idle 15 → 30; after:first 60 → 90"
    browser.post(CART, data=FORM | {"csrf_token": token})
    with sessions() as session:
        assert len(session.scalars(select(AuditEntry).where(AuditEntry.action == "flow_changed")).all()) == 1


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("control", "51", "whole number from 0 to 50"),
        ("control", "-1", "whole number from 0 to 50"),
        ("idle", "soon", "from 5 min to 1 d"),
        ("idle", "2 min", "from 5 min to 1 d"),
        ("after:first", "400 d", "from 0 min to 366 d"),
        ("after:first", "", "Write a time like"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_stays_in_the_form(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session], field: str, value: str, why: str
) -> None:
    answer = browser.post(CART, data=FORM | {field: value, "csrf_token": token})
    assert answer.status_code == 400
    assert why in words(answer.text)
    kept = BeautifulSoup(answer.text, "html.parser").find("input", {"name": field})
    assert kept is not None
    assert kept["value"] == value
    with sessions() as session:
        assert session.get(FlowSetting, "cart") is None


def test_money_is_entered_as_people_write_it(browser: FlaskClient, token: str, sessions: sessionmaker[Session]) -> None:
    form = {"on": "1", "control": "10", "bronze": "300.50", "silver": "750.00", "gold": "2000", "after:reached": "3 d"}
    assert browser.post("/console/flows/loyalty", data=form | {"csrf_token": token}).status_code == 303
    with sessions() as session:
        assert session.get_one(FlowSetting, "loyalty").knobs == {"bronze": 30_050}


def test_support_may_look_and_not_change(browser: FlaskClient, token: str, storefront: DeskStorefront) -> None:
    storefront.role = "support"
    assert browser.get(CART).status_code == 200
    assert browser.post(CART, data=FORM | {"csrf_token": token}).status_code == 403
    assert browser.get("/console/flows/nothing").status_code == 404


def test_a_rehearsal_is_asked_for_played_and_shown(
    browser: FlaskClient, token: str, desk: Flask, sessions: sessionmaker[Session]
) -> None:
    form = {"what": "all", "days": "3", "caps": "1/day", "segment": "", "csrf_token": token}
    asked = browser.post(REHEARSALS, data=form)
    assert asked.status_code == 303
    assert "It is being played" in browser.get(asked.location).text
    with desk.app_context():
        assert run_asked(installation(desk)) == "1 rehearsals"
        assert run_asked(installation(desk)) == "0 rehearsals"
    page = words(browser.get(asked.location).text)
    assert "with the caps 1/day" in page
    assert "E-mails by day" in page
    assert "All flows together" in browser.get(REHEARSALS).text
    with sessions() as session:
        assert session.scalars(select(FlowEntry)).all() == []


def test_a_rehearsal_says_how_many_were_really_written_to_and_leaves_them_out(
    browser: FlaskClient, sessions: sessionmaker[Session]
) -> None:
    with sessions.begin() as session:
        flows = [["cart", 14, 2, 12, 3, 6], ["review", 4, 0, 4, 0, 4], ["winback", 5, 0, 5, 1]]
        played = Rehearsal(
            what="all", days=14, asked_at=datetime.now(UTC), state="done", result={"flows": flows, "days": []}
        )
        session.add(played)
        session.flush()
        number = played.id
    page = BeautifulSoup(browser.get(f"{REHEARSALS}/{number}").text, "html.parser")
    rows = [[words(str(cell)) for cell in row.find_all("td")] for row in page.select("#people ~ .scroll tbody tr")]
    assert rows == [
        ["14", "2", "12", "6", "3 50%"],
        ["4", "0", "4", "4", "–"],
        ["5", "0", "5", "–", "–"],  # played before they were told apart
    ]


@pytest.mark.parametrize(
    ("field", "value"), [("days", "0"), ("days", "121"), ("days", "x"), ("what", "x"), ("caps", "1"), ("segment", "9")]
)
def test_a_rehearsal_that_cannot_be_is_refused_in_words(
    browser: FlaskClient, token: str, field: str, value: str
) -> None:
    form = {"what": "all", "days": "3", "caps": "", "segment": "", "csrf_token": token} | {field: value}
    answer = browser.post(REHEARSALS, data=form)
    assert answer.status_code == 400
    assert BeautifulSoup(answer.text, "html.parser").select(".wrong")


def test_a_rehearsal_whose_worker_died_is_played_again_and_only_the_last_are_kept(
    desk: Flask, sessions: sessionmaker[Session]
) -> None:
    now = datetime.now(UTC)
    with sessions.begin() as session:
        for number in range(KEPT + 5):
            dead = number == KEPT + 4
            session.add(
                Rehearsal(
                    what="cart", days=1, asked_at=now, state="running" if dead else "done",
                    started_at=now - timedelta(hours=2),
                )
            )  # fmt: skip
    with desk.app_context():
        assert run_asked(installation(desk)) == "1 rehearsals"
    with sessions() as session:
        rows = session.scalars(select(Rehearsal).order_by(Rehearsal.id)).all()
    assert len(rows) == KEPT
    assert rows[-1].state == "done"


def test_each_flow_leads_to_what_it_earns(browser: FlaskClient) -> None:
    for one in FLOWS:
        page = BeautifulSoup(browser.get(f"/console/flows/{one.name}").text, "html.parser")
        link = page.find("a", string="What it earns")
        assert link is not None
        assert browser.get(str(link["href"])).status_code == 200
