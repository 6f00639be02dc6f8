"""What is known of a browser, by its consent; which pages count as views; and that counting never breaks a page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from ecrm import identification
from ecrm.events import ProductViewed
from ecrm.installation import Installation
from tests.ecrm.visited_host import FIREFOX, VisitedStorefront, create_host, crm
from tracking.clickstream.event import Event
from tracking.clickstream.rollups import DayFigures
from tracking.customers import Customer
from tracking.visitors import ConsentChoice, Grade, Visitor, VisitorClaim

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def storefront() -> VisitedStorefront:
    return VisitedStorefront()


@pytest.fixture
def host(engine: Engine, storefront: VisitedStorefront) -> Flask:
    return create_host(engine, storefront)


@pytest.fixture
def shopper(host: Flask) -> FlaskClient:
    return browser_of(host)


def browser_of(host: Flask, **headers: str) -> FlaskClient:
    client = host.test_client()
    client.environ_base["HTTP_USER_AGENT"] = FIREFOX
    for name, value in headers.items():
        client.environ_base[f"HTTP_{name.upper()}"] = value
    return client


def choose(client: FlaskClient, grade: int, *, on: str = "/ecrm/privacy", **fields: str) -> Any:
    token = BeautifulSoup(client.get(on).text, "html.parser").select_one("input[name=csrf_token]")
    assert token is not None
    data = {"grade": str(grade), "next": "/", "csrf_token": str(token["value"]), **fields}
    return client.post("/ecrm/consent", data=data)


def cookies(client: FlaskClient) -> dict[str, str]:
    return {cookie.key: cookie.value for cookie in client._cookies.values() if cookie.key.startswith("ecrm_")}


def seen(plugin: Installation, name: str | None = None) -> list[Event]:
    assert plugin.writer.flush()
    with plugin.sessions() as session:
        rows = session.scalars(select(Event).order_by(Event.id)).all()
    return [row for row in rows if name in (None, row.name)]


def customer(plugin: Installation, reference: str) -> int:
    with plugin.sessions.begin() as session:
        one = Customer(reference=reference, email=f"{reference}@example.com", created_at=NOW, traits={})
        session.add(one)
        session.flush()
        return one.id


def test_before_a_choice_a_page_is_counted_without_any_cookie_of_ours(
    shopper: FlaskClient, plugin: Installation
) -> None:
    shopper.get("/goods/7")
    assert cookies(shopper) == {}
    rows = seen(plugin)
    assert [(row.name, row.visitor_id, row.session_id, row.customer_id) for row in rows] == [
        ("Product Viewed", None, None, None), ("Page Viewed", None, None, None),
    ]  # fmt: skip


def test_without_consent_a_path_names_no_order_and_no_person(shopper: FlaskClient, plugin: Installation) -> None:
    shopper.get("/goods/7?email=ada@example.com", headers={"Referer": "https://mail.example/inbox/ada?q=1"})
    (view,) = seen(plugin, "Page Viewed")
    assert view.subject == "/goods/*"
    assert view.properties["referrer"] == "https://mail.example"
    assert "ada" not in str(view.properties)


def test_with_statistics_the_steps_of_a_browser_belong_together(shopper: FlaskClient, plugin: Installation) -> None:
    choose(shopper, 1)
    shopper.get("/goods/7")
    shopper.get("/")
    views = seen(plugin, "Page Viewed")
    assert [view.subject for view in views] == ["/goods/*", "/"]
    assert len({view.visitor_id for view in views}) == len({view.session_id for view in views}) == 1
    assert None not in {view.visitor_id for view in views}
    assert views[0].properties["status"] == 200
    assert views[0].properties["milliseconds"] >= 0


def test_the_cookies_are_out_of_scripts_reach_and_last_as_long_as_they_may(shopper: FlaskClient) -> None:
    answer = choose(shopper, 1)
    sent = {line.split("=")[0]: line for line in answer.headers.getlist("Set-Cookie")}
    assert {"ecrm_consent", "ecrm_visitor"} <= set(sent)
    for name, days in (("ecrm_consent", 182), ("ecrm_visitor", 395)):
        assert "HttpOnly" in sent[name]
        assert "SameSite=Lax" in sent[name]
        assert f"Max-Age={days * 86400};" in sent[name]
    assert "Set-Cookie" not in str(shopper.get("/").headers.getlist("Set-Cookie"))


def test_over_https_the_cookies_stay_there(host: Flask) -> None:
    client = browser_of(host)
    token = BeautifulSoup(client.get("/ecrm/privacy", base_url="https://shop.test").text, "html.parser")
    field = token.select_one("input[name=csrf_token]")
    assert field is not None
    data = {"grade": "1", "csrf_token": str(field["value"])}
    answer = client.post("/ecrm/consent", data=data, base_url="https://shop.test")
    ours = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith("ecrm_")]
    assert len(ours) == 2
    assert all("Secure" in line for line in ours)


def test_statistics_alone_do_not_say_who_it_was(shopper: FlaskClient, plugin: Installation) -> None:
    customer(plugin, "ada")
    choose(shopper, 1)
    shopper.post("/enter/ada")
    shopper.get("/")
    assert {row.customer_id for row in seen(plugin)} == {None}


def test_with_full_consent_a_customers_steps_are_theirs(shopper: FlaskClient, plugin: Installation) -> None:
    ada = customer(plugin, "ada")
    choose(shopper, 2)
    shopper.get("/")
    shopper.post("/enter/ada")
    shopper.get("/goods/7")
    assert [row.customer_id for row in seen(plugin, "Page Viewed")] == [None, ada]
    with plugin.sessions() as session:
        assert [claim.customer_id for claim in session.scalars(select(VisitorClaim))] == [ada]


def test_after_signing_out_the_browser_is_somebody_new(shopper: FlaskClient, plugin: Installation) -> None:
    customer(plugin, "ada")
    choose(shopper, 2)
    shopper.post("/enter/ada")
    shopper.get("/goods/7")
    before = cookies(shopper)["ecrm_visitor"]
    shopper.post("/leave")
    assert "ecrm_visitor" not in cookies(shopper)
    shopper.get("/goods/8")
    assert cookies(shopper)["ecrm_visitor"] != before
    rows = {row.name + row.subject: row for row in seen(plugin)}
    old, out, new = rows["Product Viewed7"], rows["Signed Out"], rows["Product Viewed8"]
    assert old.visitor_id == out.visitor_id != new.visitor_id
    assert new.customer_id is None


def test_taking_consent_back_deletes_the_cookie_and_keeps_the_proof(shopper: FlaskClient, plugin: Installation) -> None:
    choose(shopper, 2)
    choose(shopper, 0)
    assert cookies(shopper) == {"ecrm_consent": "0"}
    shopper.get("/")
    assert [row.visitor_id for row in seen(plugin)] == [None]
    with plugin.sessions() as session:
        choices = session.scalars(select(ConsentChoice).order_by(ConsentChoice.id)).all()
        visitor = session.scalars(select(Visitor)).one()
    assert [(row.grade, row.visitor_id) for row in choices] == [(2, visitor.id), (0, visitor.id)]
    assert all(row.wording for row in choices)


def test_agreeing_to_less_begins_a_new_visitor_and_to_more_keeps_it(shopper: FlaskClient) -> None:
    choose(shopper, 1)
    first = cookies(shopper)["ecrm_visitor"]
    choose(shopper, 2)
    assert cookies(shopper)["ecrm_visitor"] == first
    choose(shopper, 1)
    assert cookies(shopper)["ecrm_visitor"] not in ("", first)


def test_who_withdraws_from_all_is_known_to_have_done_so(shopper: FlaskClient, plugin: Installation) -> None:
    choose(shopper, 2)
    with plugin.sessions() as session:
        known = session.scalars(select(Visitor.id)).one()
    choose(shopper, 1)
    with plugin.sessions() as session:
        choices = session.scalars(select(ConsentChoice).order_by(ConsentChoice.id)).all()
    assert [row.grade for row in choices if row.visitor_id == known] == [2, 1]
    assert [row.grade for row in choices if row.visitor_id != known] == [1]


def test_what_was_recommended_is_joined_to_a_browser_only_with_full_consent(host: Flask, plugin: Installation) -> None:
    for grade in Grade:
        shopper = browser_of(host)
        choose(shopper, int(grade))
        shopper.get("/strip")
    shown = seen(plugin, "Recommendations Shown")
    assert [row.visitor_id is not None for row in shown] == [False, False, True]


@pytest.mark.parametrize("header", ["SEC_GPC", "DNT"])
def test_a_browser_that_asks_not_to_be_followed_is_not_and_is_not_nagged(
    host: Flask, plugin: Installation, header: str
) -> None:
    client = browser_of(host, **{header: "1"})
    page = client.get("/").text
    assert "Accept all" not in page
    assert "Your privacy choices" in page
    assert [row.visitor_id for row in seen(plugin)] == [None]


def test_who_says_so_here_is_heard_before_the_browsers_general_wish(host: Flask, plugin: Installation) -> None:
    client = browser_of(host, SEC_GPC="1")
    choose(client, 1)
    client.get("/")
    assert seen(plugin)[-1].visitor_id is not None


@pytest.mark.parametrize("forged", ["x" * 32, "'; DROP TABLE", "a" * 500, "A" * 32])
def test_a_forged_visitor_cookie_is_replaced(shopper: FlaskClient, plugin: Installation, forged: str) -> None:
    shopper.set_cookie("ecrm_consent", "1")
    shopper.set_cookie("ecrm_visitor", forged)
    shopper.get("/")
    assert len(cookies(shopper)["ecrm_visitor"]) == 32
    assert cookies(shopper)["ecrm_visitor"] != forged
    assert len(seen(plugin)) == 1


def test_a_forged_consent_cookie_counts_as_no_choice(shopper: FlaskClient) -> None:
    shopper.set_cookie("ecrm_consent", "9")
    assert "Accept all" in shopper.get("/").text


@pytest.mark.parametrize(
    ("path", "status", "headers"),
    [
        ("/feed", 200, {}),
        ("/moved", 302, {}),
        ("/staff/stock", 200, {}),
        ("/ecrm/privacy", 200, {}),
        ("/", 200, {"Sec-Purpose": "prefetch;prerender"}),
        ("/", 200, {"Purpose": "prefetch"}),
        ("/goods/7", 200, {"Sec-Purpose": "prefetch"}),
        ("/", 200, {"Sec-Fetch-Dest": "iframe"}),
        ("/", 200, {"Sec-Fetch-Dest": "empty"}),
    ],
)
def test_what_is_no_page_that_a_person_looks_at_is_no_view(
    shopper: FlaskClient, plugin: Installation, path: str, status: int, headers: dict[str, str]
) -> None:
    assert shopper.get(path, headers=headers).status_code == status
    assert seen(plugin) == []


def test_a_head_request_is_no_view(shopper: FlaskClient, plugin: Installation) -> None:
    shopper.head("/goods/7")
    assert seen(plugin) == []


def test_a_page_that_is_not_there_is_a_view_with_its_status(shopper: FlaskClient, plugin: Installation) -> None:
    choose(shopper, 1)
    shopper.get("/goods/none")
    shopper.get("/no/such/page")
    assert [(row.subject, row.properties["status"]) for row in seen(plugin)] == [
        ("/goods/*", 404), ("/no/such/page", 404),
    ]  # fmt: skip


def test_where_a_visitor_came_from_is_kept_without_the_query(shopper: FlaskClient, plugin: Installation) -> None:
    choose(shopper, 1)
    campaign = "/?utm_source=mail&utm_campaign=autumn&secret=1"
    shopper.get(campaign, headers={"Referer": "https://search.example/find?q=tea#top"})
    shopper.get("/goods/7", headers={"Referer": "http://localhost/?secret=1"})
    first, *_, last = seen(plugin)
    assert first.subject == "/"
    assert first.properties["referrer"] == "https://search.example/find"
    assert (first.properties["utm_source"], first.properties["utm_campaign"]) == ("mail", "autumn")
    assert "secret" not in str(first.properties)
    assert "referrer" not in last.properties


def test_of_a_click_id_only_the_kind_is_kept(shopper: FlaskClient, plugin: Installation) -> None:
    choose(shopper, 1)
    shopper.get("/goods/7?gclid=Cj0KCQ-somebody&fbclid=IwAR0-somebody")
    shopper.get("/goods/7?gclid=")
    first, last = (row for row in seen(plugin) if row.name == "Page Viewed")
    assert first.properties["click_id"] == "gclid"
    assert "somebody" not in str(first.properties)
    assert "click_id" not in last.properties


def test_what_was_looked_for_at_an_engine_is_kept_where_it_says_so(shopper: FlaskClient, plugin: Installation) -> None:
    choose(shopper, 1)
    shopper.get("/", headers={"Referer": "https://yandex.ru/search/?text=green+tea&lr=1"})
    shopper.get("/", headers={"Referer": "https://www.google.com/"})
    shopper.get("/", headers={"Referer": "https://forum.example/?q=private"})
    assert [row.properties.get("referrer_term") for row in seen(plugin)] == ["green tea", None, None]


def test_of_a_stranger_neither_search_term_nor_country_is_read(shopper: FlaskClient, plugin: Installation) -> None:
    shopper.get("/", headers={"Referer": "https://yandex.ru/search/?text=tea", "X-Country": "DE"})
    [row] = seen(plugin)
    assert "referrer_term" not in row.properties


def test_bots_are_counted_and_not_followed(host: Flask, plugin: Installation) -> None:
    client = host.test_client()
    client.environ_base["HTTP_USER_AGENT"] = "Googlebot/2.1"
    client.set_cookie("ecrm_consent", "2")
    client.get("/goods/7")
    assert seen(plugin) == []
    with plugin.sessions() as session:
        assert session.scalars(select(DayFigures.bot_views)).one() == 1


def test_outside_of_a_request_nobody_is_observed(host: Flask, plugin: Installation) -> None:
    with host.app_context():
        crm.observe(ProductViewed(product_id="7"))
        assert identification.visitor_token() is None
        assert identification.grade() is Grade.NONE
        assert identification.chosen_grade() is None
    assert seen(plugin) == []


def test_when_the_shop_cannot_answer_the_page_is_served_all_the_same(
    shopper: FlaskClient, storefront: VisitedStorefront, caplog: pytest.LogCaptureFixture
) -> None:
    choose(shopper, 2)
    storefront.broken = True
    assert shopper.get("/goods/7").status_code == 200
    assert "observe failed" in caplog.text
    assert "_finish failed" in caplog.text
