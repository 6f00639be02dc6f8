"""A click on a recommendation is known by its link alone, counted once a visit, and by nobody else's copied address."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from ecrm.clicked import Origin, origin_in, tagged, untagged
from ecrm.installation import Installation
from ecrm.marketing.recommended.tables import RecommendationClick, RecommendedDay, Slot
from tests.ecrm.slots_host import FIREFOX
from tracking.clickstream.event import Event

Counts = dict[tuple[str, int, str], tuple[int, int, int]]


def browser(host: Flask, consent: str, token: str = "a" * 32) -> FlaskClient:
    client = host.test_client()
    client.environ_base["HTTP_USER_AGENT"] = FIREFOX
    client.set_cookie("ecrm_consent", consent)
    if consent != "0":
        client.set_cookie("ecrm_visitor", token)
    return client


def counts(plugin: Installation) -> Counts:
    """Impressions, clicks and cart adds of each slot."""
    assert plugin.writer.flush()
    with plugin.sessions() as session:
        query = select(Slot, RecommendedDay).join(RecommendedDay, RecommendedDay.slot_id == Slot.id)
        return {
            (slot.placement, slot.position, slot.strategy): (row.impressions, row.clicks, row.cart_adds)
            for slot, row in session.execute(query)
        }


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/p/7", "/p/7?ecrm_from=home-3-learnt"),
        ("/p/7?size=2", "/p/7?size=2&ecrm_from=home-3-learnt"),
        ("/p/7#more", "/p/7?ecrm_from=home-3-learnt#more"),
        ("https://shop.example/p/7?a=1#b", "https://shop.example/p/7?a=1&ecrm_from=home-3-learnt#b"),
        ("/p/7?ecrm_from=cart-1", "/p/7?ecrm_from=home-3-learnt"),
    ],
)
def test_a_link_says_from_where_it_leads(url: str, expected: str) -> None:
    assert tagged(url, placement="home", position=3, strategy="learnt") == expected


def test_a_way_back_says_nothing() -> None:
    assert untagged("/p/7?ecrm_from=home-3&size=2#x") == "/p/7?size=2#x"
    assert untagged("/p/7") == "/p/7"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("home-3", Origin("home", 3, "")),
        ("also_bought-12-session", Origin("also_bought", 12, "session")),
        ("home-0", None), ("home-101", None), ("nowhere-1", None), ("home-1-magic", None), ("home", None),
        ("home-3-learnt-x", None), ("home-³", None), ("' OR 1=1 --", None), ("", None), ("home-03", None),
    ],
)  # fmt: skip
def test_only_what_can_be_is_believed(written: str, expected: Origin | None) -> None:
    assert origin_in({"ecrm_from": written}) == expected


def test_a_click_counts_once_a_visit_however_often_the_page_is_loaded(host: Flask, plugin: Installation) -> None:
    client = browser(host, "1")
    for _load in range(3):
        client.get("/see/rake?ecrm_from=home-3-learnt")
    assert counts(plugin)["home", 3, "learnt"] == (0, 1, 0)
    with plugin.sessions() as session:
        assert len(session.scalars(select(RecommendationClick)).all()) == 1
        steps = session.scalars(select(Event).where(Event.name == "Product Clicked")).all()
    assert len(steps) == 3
    assert steps[0].subject == "rake"
    assert dict(steps[0].properties) | {"path": ""} == {
        "product_id": "rake", "list_id": "home", "position": 3, "strategy": "learnt", "added": False, "path": "",
    }  # fmt: skip


def test_who_agreed_to_nothing_is_counted_without_any_trace_of_them(host: Flask, plugin: Installation) -> None:
    browser(host, "0").get("/see/rake?ecrm_from=home-3-learnt")
    assert counts(plugin)["home", 3, "learnt"] == (0, 1, 0)
    with plugin.sessions() as session:
        step = session.scalars(select(Event).where(Event.name == "Product Clicked")).one()
        assert (step.visitor_id, step.session_id, step.customer_id) == (None, None, None)
        assert session.scalars(select(RecommendationClick)).all() == []


@pytest.mark.parametrize(
    ("headers", "clicks"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 1),
        ({"Sec-Fetch-Site": "none"}, 0),  # typed in, or from a bookmark
        ({"Sec-Fetch-Site": "cross-site"}, 0),
        ({"Referer": "https://chat.example/"}, 0),
        ({"Referer": "http://localhost/"}, 1),
        ({}, 1),
        ({"Sec-Purpose": "prefetch"}, 0),
    ],
)
def test_an_address_that_was_passed_on_is_no_click(
    host: Flask, plugin: Installation, headers: Mapping[str, str], clicks: int
) -> None:
    browser(host, "1").get("/see/rake?ecrm_from=home-3", headers=dict(headers))
    assert counts(plugin).get(("home", 3, ""), (0, 0, 0))[1] == clicks


def test_a_card_of_an_email_is_clicked_elsewhere(host: Flask, plugin: Installation) -> None:
    browser(host, "1").get("/see/rake?ecrm_from=email-2-learnt", headers={"Sec-Fetch-Site": "cross-site"})
    assert counts(plugin)["email", 2, "learnt"] == (0, 1, 0)


def test_machines_click_nothing(host: Flask, plugin: Installation) -> None:
    client = browser(host, "0")
    client.get("/see/rake?ecrm_from=home-3", headers={"User-Agent": "Googlebot/2.1"})
    assert counts(plugin) == {}


def test_a_page_that_leads_to_itself_is_opened_once(host: Flask, plugin: Installation) -> None:
    client, page = browser(host, "0"), "/see/rake?ecrm_from=home-3"
    client.get(page, headers={"Sec-Fetch-Site": "same-origin", "Referer": "http://localhost/"})
    for here in (page, "/see/rake"):
        client.get(page, headers={"Sec-Fetch-Site": "same-origin", "Referer": f"http://localhost{here}"})
    assert counts(plugin)["home", 3, ""] == (0, 1, 0)


def test_an_answer_about_privacy_leads_back_without_the_tag(host: Flask) -> None:
    client = host.test_client()
    form = BeautifulSoup(client.get("/ecrm/privacy").text, "html.parser").select_one("input[name=csrf_token]")
    assert form is not None
    back = client.post(
        "/ecrm/consent", data={"csrf_token": form["value"], "grade": "0", "next": "/see/rake?ecrm_from=home-3&size=2"}
    )
    assert (back.status_code, back.location) == (303, "/see/rake?size=2")
