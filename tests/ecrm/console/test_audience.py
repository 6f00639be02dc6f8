"""Segments and lists at the desk: made without a script, counted, looked at with a record, explained."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from ecrm.access.audit import AuditEntry
from ecrm.customers.lists import ContactList, ListMember
from ecrm.customers.segments.segment import Segment
from mailer.contacts import Contact

from .host import DeskStorefront

PEOPLE = "/console/people"


@pytest.fixture
def contacts(sessions: sessionmaker[Session], ada: int) -> list[int]:
    """Ada's mailbox, and one of nobody known."""
    with sessions.begin() as session:
        rows = [
            Contact(folded="ada@example.com", address="ada@example.com", customer_id=ada, created_at=datetime.now(UTC)),
            Contact(folded="bob@example.com", address="bob@example.com", created_at=datetime.now(UTC), blocked=2),
        ]
        session.add_all(rows)
        session.flush()
        return [row.id for row in rows]


def words(page: str) -> str:
    return " ".join(BeautifulSoup(page, "html.parser").get_text(" ").split())


def fields(page: str) -> dict[str, str]:
    """What a browser without a script would send of the editor."""
    form = BeautifulSoup(page, "html.parser").find("form", attrs={"data-count": True})
    assert form is not None
    said = {str(one["name"]): str(one.get("value", "")) for one in form.find_all("input")}
    for choice in form.find_all("select"):
        chosen = choice.find("option", selected=True) or choice.find("option")
        if chosen is not None and choice.get("multiple") is None:
            said[str(choice["name"])] = str(chosen["value"])
    return said


@pytest.mark.usefixtures("contacts")
def test_a_segment_is_put_together_button_by_button_counted_and_kept(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session]
) -> None:
    page = browser.get(f"{PEOPLE}/new")
    assert "connect-src 'self'" in page.headers["Content-Security-Policy"]
    said = fields(page.text) | {"csrf_token": token}
    added = browser.post(f"{PEOPLE}/new", data=said | {"deed": "add 0", "new.0": "orders"})
    said = fields(added.text)
    assert said["r.0.0.is"] == "orders"
    grouped = browser.post(f"{PEOPLE}/new", data=said | {"deed": "group 0"})
    nested = browser.post(f"{PEOPLE}/new", data=fields(grouped.text) | {"deed": "add 0.1", "new.0.1": "spent"})
    said = fields(nested.text) | {"r.0.1.0.amount": "0.50", "r.0.0.number": "1", "name": "Buyers"}
    counted = browser.post(f"{PEOPLE}/new", data=said | {"deed": "count"})
    assert "1 address" in words(counted.text)
    assert browser.post(f"{PEOPLE}/count", data=said).text == "1 address"
    kept = browser.post(f"{PEOPLE}/new", data=said | {"deed": "save"}, follow_redirects=True)
    assert "The segment is kept." in kept.text
    with sessions() as session:
        [segment] = session.scalars(select(Segment))
    assert segment.rules["all"][1] == {"any": [{"is": "spent", "compare": "at_least", "amount": 50}]}
    assert fields(browser.get(f"{PEOPLE}/{segment.id}").text)["r.0.1.0.amount"] == "0.50"
    removed = browser.post(f"{PEOPLE}/{segment.id}", data=fields(kept.text) | {"deed": "remove 0.1"})
    assert "r.0.1.group" not in fields(removed.text)
    assert "Buyers" in words(browser.get(PEOPLE).text)


def test_what_is_wrong_is_said_and_what_was_typed_stays(browser: FlaskClient, token: str) -> None:
    said = {"csrf_token": token, "name": "", "r.0.group": "all", "r.0.0.is": "spent", "r.0.0.compare": "at_least",
            "r.0.0.amount": "a lot", "deed": "save"}  # fmt: skip
    answer = browser.post(f"{PEOPLE}/new", data=said)
    assert answer.status_code == 400
    assert "type a whole number" in words(answer.text)
    assert fields(answer.text)["r.0.0.amount"] == "a lot"
    assert "to put right first" in browser.post(f"{PEOPLE}/count", data=said).text
    named = browser.post(f"{PEOPLE}/new", data=said | {"r.0.0.amount": "1"})
    assert "Give the segment a name." in words(named.text)


def test_members_are_masked_for_who_may_not_see_customers_and_every_look_is_recorded(
    browser: FlaskClient, storefront: DeskStorefront, token: str, sessions: sessionmaker[Session], contacts: list[int]
) -> None:
    browser.post(f"{PEOPLE}/new", data={"csrf_token": token, "name": "All", "r.0.group": "all", "deed": "save"})
    with sessions() as session:
        [segment_id] = session.scalars(select(Segment.id))
    assert "ada@example.com" in browser.get(f"{PEOPLE}/{segment_id}/members").text
    storefront.role = "marketer"
    shown = words(browser.get(f"{PEOPLE}/{segment_id}/members").text)
    assert "ada@example.com" not in shown
    assert "a…@example.com" in shown
    why = words(browser.get(f"{PEOPLE}/{segment_id}/why?contact={contacts[1]}").text)
    assert "b…@example.com is in" in why
    with sessions() as session:
        actions = session.scalars(select(AuditEntry.action).where(AuditEntry.action == "segment_read")).all()
    assert len(actions) == 2  # a look at the same within minutes is one look


def test_why_is_asked_by_address(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session], contacts: list[int]
) -> None:
    data = {"csrf_token": token, "name": "Buyers", "r.0.group": "all", "r.0.0.is": "orders",
            "r.0.0.compare": "at_least", "r.0.0.number": "1", "r.0.0.days": "", "deed": "save"}  # fmt: skip
    browser.post(f"{PEOPLE}/new", data=data)
    with sessions() as session:
        [segment_id] = session.scalars(select(Segment.id))
    asked = browser.post(
        f"{PEOPLE}/{segment_id}/why", data={"csrf_token": token, "asked": "BOB@example.com"}, follow_redirects=True
    )
    assert "bob@example.com isn't in" in words(asked.text)
    assert "this person: 0 orders" in words(asked.text)
    nobody = browser.post(f"{PEOPLE}/{segment_id}/why", data={"csrf_token": token, "asked": "x@y.z"})
    assert (nobody.status_code, "Nobody is known" in nobody.text) == (404, True)


def test_a_list_is_looked_through_before_it_is_written(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session], contacts: list[int]
) -> None:
    file = "Name;E-Mail\nAda;ADA@example.com\nBob;bob@example.com\nAda;ada@example.com\nX;new@example.com\nY;nonsense\n"
    sent = {"csrf_token": token, "name": "Fair 2026", "file": (BytesIO(file.encode()), "fair.csv")}
    looked = browser.post(f"{PEOPLE}/lists", data=sent, content_type="multipart/form-data", follow_redirects=True)
    said = words(looked.text)
    assert "Known addresses 2 of these, 1 on the suppression list" in said
    assert "Not known here 1" in said
    assert "Line 6: “nonsense” is no e-mail address" in said
    with sessions() as session:
        assert session.scalars(select(ListMember)).all() == []
    done = browser.post(looked.request.path, data={"csrf_token": token, "deed": "write"}, follow_redirects=True)
    assert "2 addresses added to the list." in words(done.text)
    with sessions() as session:
        assert sorted(session.scalars(select(ListMember.contact_id))) == contacts
        [row] = session.scalars(select(ContactList))
    assert browser.post(looked.request.path, data={"csrf_token": token, "deed": "write"}).status_code == 404
    browser.post(f"{PEOPLE}/lists/{row.id}/archive", data={"csrf_token": token})
    assert "There are no lists yet." in words(browser.get(f"{PEOPLE}/lists").text)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "The file is empty."),
        (b"a,b\n1,2\n", "No column is called"),
        (b"\x89PNG\r\n\x81\x8d", "No column is called"),
    ],
)
def test_a_file_without_addresses_is_refused_in_words(
    browser: FlaskClient, token: str, content: bytes, problem: str
) -> None:
    sent = {"csrf_token": token, "name": "x", "file": (BytesIO(content), "x.csv")}
    answer = browser.post(f"{PEOPLE}/lists", data=sent, content_type="multipart/form-data")
    assert answer.status_code == 400
    assert problem in answer.text or "no text file" in answer.text


def test_the_groups_page_says_when_nothing_was_worked_out_yet(browser: FlaskClient) -> None:
    assert "Not worked out yet" in words(browser.get(f"{PEOPLE}/groups").text)


def test_what_e_mails_earn_is_a_report_and_each_flow_a_page(browser: FlaskClient) -> None:
    assert "What e-mails earn" in words(browser.get("/console/mail-results").text)
    assert browser.get("/console/mail-results.csv").mimetype == "text/csv"
    assert "Nothing was sent yet." in words(browser.get("/console/mail-results/flow:cart").text)
    assert browser.get("/console/mail-results/mailing:99").status_code == 404
    assert "Flow “cart”" in words(browser.get("/console/emails?source=flow:cart").text)


def test_the_customers_page_says_where_they_stand_and_why(
    browser: FlaskClient, token: str, desk: Flask, ada: int, contacts: list[int]
) -> None:
    assert "Not worked out yet" in words(browser.get(f"/console/customers/{ada}").text)
    desk.test_cli_runner().invoke(args=["ecrm", "rfm"])
    browser.post(f"{PEOPLE}/new", data={"csrf_token": token, "name": "Everybody", "r.0.group": "all", "deed": "save"})
    page = browser.get(f"/console/customers/{ada}")
    assert "RFM too few customers for groups" in words(page.text)
    assert "nothing can be said: too few orders" in words(page.text)
    assert f"contact={contacts[0]}" in page.text
