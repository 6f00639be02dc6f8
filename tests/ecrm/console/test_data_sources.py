"""The page of the write keys: made, shown once, counted, revoked; for those who run the system alone."""

from __future__ import annotations

from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from ecrm.access.audit import Action, AuditEntry
from ecrm.collector.write_keys import WriteKey

from .host import DeskStorefront

TRACK = {"event": "Lamp Lit", "anonymousId": "a"}


def made(browser: FlaskClient, token: str, kind: str) -> str:
    answer = browser.post("/console/data-sources", data={"csrf_token": token, "name": "The till", "kind": kind})
    assert answer.status_code == 200
    code = BeautifulSoup(answer.text, "html.parser").select_one("p[role=status] code")
    assert code is not None
    assert answer.text.count(code.text) >= 4, "the snippets hold the key"
    return code.text


def test_a_secret_key_is_shown_once_and_works(
    browser: FlaskClient, token: str, desk: Flask, sessions: sessionmaker[Session]
) -> None:
    key = made(browser, token, "server")
    page = browser.get("/console/data-sources").text
    assert "The till" in page
    assert key not in page
    with sessions() as session:
        assert key not in session.scalars(select(WriteKey.key)).all()
    assert desk.test_client().post("/v1/track", json=TRACK, auth=(key, "")).status_code == 200
    desk.extensions["ecrm_key_ring"].write_down()
    cells = [
        cell.text for cell in BeautifulSoup(browser.get("/console/data-sources").text, "html.parser").select("td.num")
    ]
    assert cells == ["1", "0"]


def test_a_public_key_stays_readable(browser: FlaskClient, token: str) -> None:
    key = made(browser, token, "browser")
    assert key in browser.get("/console/data-sources").text


def test_a_revoked_key_is_believed_no_longer_and_the_audit_says_so(
    browser: FlaskClient, token: str, desk: Flask, sessions: sessionmaker[Session]
) -> None:
    key, client = made(browser, token, "server"), desk.test_client()
    assert client.post("/v1/track", json=TRACK, auth=(key, "")).status_code == 200
    assert browser.post("/console/data-sources/1/revoke", data={"csrf_token": token}).status_code == 303
    assert client.post("/v1/track", json=TRACK, auth=(key, "")).status_code == 401
    assert "revoked" in browser.get("/console/data-sources").text
    with sessions() as session:
        deeds = session.scalars(select(AuditEntry.action)).all()
    assert deeds == [Action.WRITE_KEY_MADE, Action.WRITE_KEY_REVOKED]
    again = browser.post("/console/data-sources/1/revoke", data={"csrf_token": token}, follow_redirects=True)
    assert "somebody else was faster" in again.text


def test_a_key_without_a_name_or_kind_is_refused_in_words(browser: FlaskClient, token: str) -> None:
    for form in ({"name": " ", "kind": "server"}, {"name": "x", "kind": "root"}, {"name": "x" * 200, "kind": "server"}):
        answer = browser.post("/console/data-sources", data={"csrf_token": token, **form})
        assert answer.status_code == 400
        assert "Give the key a name" in answer.text


def test_a_marketer_makes_no_keys(browser: FlaskClient, storefront: DeskStorefront) -> None:
    storefront.role = "marketer"
    assert browser.get("/console/data-sources").status_code == 403
