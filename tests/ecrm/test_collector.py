"""The public views: the consent form, its page, and the beacon's reports; and what they refuse."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import Engine, select

from ecrm import csp
from ecrm.collector.views import local_path
from ecrm.installation import Installation
from tests.ecrm.visited_host import FIREFOX, VisitedStorefront, create_host
from tracking.clickstream.event import Event
from tracking.visitors import ConsentChoice

GOOD = {"path": "/goods/7", "seconds": 12, "scroll": 80}
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def host(engine: Engine) -> Flask:
    return create_host(engine, VisitedStorefront())


@pytest.fixture
def shopper(host: Flask) -> FlaskClient:
    client = host.test_client()
    client.environ_base["HTTP_USER_AGENT"] = FIREFOX
    return client


def token_on(client: FlaskClient, path: str = "/") -> str:
    field = BeautifulSoup(client.get(path).text, "html.parser").select_one("input[name=csrf_token]")
    assert field is not None
    return str(field["value"])


def agree(client: FlaskClient) -> None:
    client.post("/ecrm/consent", data={"grade": "1", "csrf_token": token_on(client)})


def engaged(plugin: Installation) -> list[Event]:
    assert plugin.writer.flush()
    with plugin.sessions() as session:
        return list(session.scalars(select(Event).where(Event.name == "Page Engaged")))


def choices(plugin: Installation) -> list[int]:
    with plugin.sessions() as session:
        return list(session.scalars(select(ConsentChoice.grade).order_by(ConsentChoice.id)))


def test_refusing_is_as_easy_as_accepting(shopper: FlaskClient) -> None:
    page = BeautifulSoup(shopper.get("/goods/7?size=2").text, "html.parser")
    buttons = page.select(".ecrm-consent button")
    assert [button.text for button in buttons] == ["Refuse", "Only statistics", "Accept all"]
    assert len({tuple(button["class"]) for button in buttons}) == 1
    field = page.select_one("input[name=next]")
    assert field is not None
    assert field["value"] == "/goods/7?size=2"


def test_a_choice_leads_back_and_ends_the_question(shopper: FlaskClient, plugin: Installation) -> None:
    data = {"grade": "0", "next": "/goods/7?size=2", "csrf_token": token_on(shopper)}
    answer = shopper.post("/ecrm/consent", data=data)
    assert (answer.status_code, answer.location) == (303, "/goods/7?size=2")
    page = shopper.get("/").text
    assert "Refuse" not in page
    assert "Your privacy choices" in page
    assert choices(plugin) == [0]


@pytest.mark.parametrize("grade", ["", "3", "-1", "all", "1.5", "\x00"])
def test_an_answer_that_was_not_offered_is_refused(shopper: FlaskClient, plugin: Installation, grade: str) -> None:
    answer = shopper.post("/ecrm/consent", data={"grade": grade, "csrf_token": token_on(shopper)})
    assert answer.status_code == 400
    assert choices(plugin) == []


@pytest.mark.parametrize("token", ["", "forged"])
def test_a_form_from_elsewhere_chooses_nothing(shopper: FlaskClient, plugin: Installation, token: str) -> None:
    shopper.get("/")
    answer = shopper.post("/ecrm/consent", data={"grade": "2", "csrf_token": token})
    assert answer.status_code == 400
    assert "out of date" in answer.text
    assert choices(plugin) == []


@pytest.mark.parametrize(
    ("address", "leads_to"),
    [
        ("/goods/7?x=1#y", "/goods/7?x=1#y"),
        ("", "/"),
        ("goods", "/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x=1", "/"),
        ("/\t/evil.example", "/"),
        ("http://[broken", "/"),
    ],
)
def test_a_form_never_leads_to_another_site(address: str, leads_to: str) -> None:
    assert local_path(address) == leads_to


@pytest.mark.parametrize(
    ("grade", "words"), [("0", "At present: refused"), ("1", "only statistics"), ("2", "all accepted")]
)
def test_the_privacy_page_says_what_holds_now(shopper: FlaskClient, grade: str, words: str) -> None:
    assert "haven&#39;t chosen yet" in shopper.get("/ecrm/privacy").text
    shopper.post("/ecrm/consent", data={"grade": grade, "csrf_token": token_on(shopper)})
    page = BeautifulSoup(shopper.get("/ecrm/privacy").text, "html.parser")
    status = page.select_one("[role=status]")
    checked = page.select_one("input[checked]")
    assert status is not None
    assert words in status.text
    assert checked is not None
    assert checked["value"] == grade
    assert all(field.find_parent("label") for field in page.select("input[type=radio]"))


def test_the_privacy_page_does_not_ask_twice(shopper: FlaskClient) -> None:
    page = BeautifulSoup(shopper.get("/ecrm/privacy").text, "html.parser")
    assert page.select(".ecrm-consent") == []
    assert len(page.select("form")) == 1


def test_only_with_consent_does_a_page_carry_the_beacon(shopper: FlaskClient) -> None:
    assert "tracker.js" not in shopper.get("/").text
    agree(shopper)
    assert "tracker.js" in shopper.get("/").text


def test_the_script_is_served_and_small(shopper: FlaskClient) -> None:
    with shopper.get("/ecrm/static/tracker.js") as answer:
        assert answer.status_code == 200
        assert len(gzip.compress(answer.data)) < 3072


def test_a_report_is_kept_with_its_visit(shopper: FlaskClient, plugin: Installation) -> None:
    agree(shopper)
    shopper.get("/goods/7")
    assert shopper.post("/ecrm/seen", json=GOOD, headers=SAME_SITE).status_code == 204
    (event,) = engaged(plugin)
    assert (event.subject, event.properties["seconds"], event.properties["scroll"]) == ("/goods/*", 12, 80)
    assert event.session_id is not None


def test_without_consent_a_report_is_taken_and_forgotten(shopper: FlaskClient, plugin: Installation) -> None:
    assert shopper.post("/ecrm/seen", json=GOOD, headers=SAME_SITE).status_code == 204
    assert engaged(plugin) == []


@pytest.mark.parametrize(
    "headers",
    [{}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}],
)
def test_reports_from_other_sites_are_refused(
    shopper: FlaskClient, plugin: Installation, headers: dict[str, str]
) -> None:
    agree(shopper)
    assert shopper.post("/ecrm/seen", json=GOOD, headers=headers).status_code == 403
    assert engaged(plugin) == []


def test_an_old_browser_shows_its_origin(shopper: FlaskClient) -> None:
    answer = shopper.post("/ecrm/seen", json=GOOD, headers={"Origin": "http://localhost"})
    assert answer.status_code == 204


@pytest.mark.parametrize(
    "report",
    [
        {}, [], None, "x", GOOD | {"seconds": -1}, GOOD | {"seconds": 1.5}, GOOD | {"seconds": "12"},
        GOOD | {"scroll": 101}, GOOD | {"path": ""}, GOOD | {"path": "goods"}, GOOD | {"path": "/\x00"},
        GOOD | {"path": "/" + "x" * 300}, GOOD | {"who": "ada"}, GOOD | {"seconds": 10**400},
    ],
)  # fmt: skip
def test_a_report_that_makes_no_sense_is_refused(shopper: FlaskClient, plugin: Installation, report: Any) -> None:
    agree(shopper)
    answer = shopper.post("/ecrm/seen", data=json.dumps(report), headers=SAME_SITE)
    assert answer.status_code == 400
    assert engaged(plugin) == []


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 4000, b'{"path": "/", "seconds": NaN, "scroll": 1}'])
def test_a_report_that_cannot_be_read_is_refused(shopper: FlaskClient, body: bytes) -> None:
    assert shopper.post("/ecrm/seen", data=body, headers=SAME_SITE).status_code == 400


def test_a_long_report_is_refused_unread(shopper: FlaskClient) -> None:
    assert shopper.post("/ecrm/seen", data=b"x" * 5000, headers=SAME_SITE).status_code == 413


def test_a_host_with_its_own_protection_lets_the_beacon_through_and_the_consent_form_passes_both(
    engine: Engine,
) -> None:
    host = Flask("protected")
    CSRFProtect(host)
    host = create_host(engine, VisitedStorefront(), app=host)
    client = host.test_client()
    client.environ_base["HTTP_USER_AGENT"] = FIREFOX
    data = {"grade": "1", "csrf_token": token_on(client)}
    assert client.post("/ecrm/consent", data=data).status_code == 303
    assert client.post("/ecrm/seen", json=GOOD, headers=SAME_SITE).status_code == 204
    assert client.post("/leave").status_code == 400


def test_scripts_carry_the_hosts_nonce_where_it_has_one(host: Flask, shopper: FlaskClient) -> None:
    with host.test_request_context():
        assert csp.nonce() == ""
    host.add_template_global(lambda: "word-of-the-host", "csp_nonce")
    agree(shopper)
    script = BeautifulSoup(shopper.get("/").text, "html.parser").select_one("script")
    assert script is not None
    assert script["nonce"] == "word-of-the-host"
