"""The console's doors: strangers sign in first, staff open what their role opens, nothing is cached or indexed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from ecrm.access.roles import PERMISSIONS, Permission, Role
from mailer.outbox import Email
from mailer.reports import Kind, Reported, take_report

from .host import DeskStorefront

PAGES: dict[str, Permission] = {
    "/console/overview": Permission.OVERVIEW,
    "/console/overview/days.csv": Permission.OVERVIEW,
    "/console/site": Permission.OVERVIEW,
    "/console/site.csv": Permission.OVERVIEW,
    "/console/visits": Permission.OVERVIEW,
    **{
        f"/console/site/{page}{ending}": Permission.OVERVIEW
        for page in ("landing-pages", "pages", "speed", "funnel", "pages/1")
        for ending in ("", ".csv")
    },
    "/console/orders": Permission.OVERVIEW,
    "/console/orders/A-1001/receipt": Permission.OVERVIEW,
    "/console/orders.csv": Permission.OVERVIEW,
    "/console/customers": Permission.CUSTOMERS,
    "/console/customers/{ada}": Permission.CUSTOMERS,
    "/console/cases": Permission.CASES,
    "/console/cases/new": Permission.CASES,
    "/console/cases/routing": Permission.DESK,
    "/console/cases/macros": Permission.DESK,
    "/console/cases/targets": Permission.DESK,
    "/console/cases/teams": Permission.DESK,
    "/console/emails": Permission.EMAILS,
    "/console/emails/1": Permission.EMAILS,
    "/console/emails/1/html": Permission.CUSTOMERS,
    "/console/deliveries": Permission.DELIVERIES,
    "/console/events": Permission.EVENTS,
    "/console/events/1": Permission.EVENTS,
    "/console/recommendations": Permission.RECOMMENDATIONS,
    "/console/recommendations/customers/{ada}": Permission.CUSTOMERS,
    "/console/system": Permission.SYSTEM,
    "/console/audit": Permission.AUDIT,
}


@pytest.mark.parametrize("role", list(Role))
def test_each_role_opens_exactly_what_the_table_says(
    browser: FlaskClient, storefront: DeskStorefront, ada: int, role: Role
) -> None:
    storefront.role = role
    for page, permission in PAGES.items():
        answer = browser.get(page.format(ada=ada))
        assert answer.status_code == (200 if permission in PERMISSIONS[role] else 403), (role, page)


def test_every_view_of_the_console_is_guarded(desk: Flask) -> None:
    views = {name: view for name, view in desk.view_functions.items() if name.startswith("console.")}
    unguarded = [name for name, view in views.items() if not hasattr(view, "needs")]
    assert unguarded == ["console.static"]


def test_a_stranger_is_sent_to_sign_in_and_comes_back_to_the_page(
    browser: FlaskClient, storefront: DeskStorefront
) -> None:
    storefront.role = None
    answer = browser.get("/console/orders?first=2026-11-01")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/enter?next=/console/orders?first=2026-11-01"


def test_a_role_that_is_not_known_gets_the_refusal_and_no_area(
    browser: FlaskClient, storefront: DeskStorefront
) -> None:
    storefront.role = "janitor"
    answer = browser.get("/console/")
    assert answer.status_code == 403
    assert "opens nothing" in answer.text


def test_the_refusal_lists_what_the_role_may_open(browser: FlaskClient, storefront: DeskStorefront) -> None:
    storefront.role = "packer"
    answer = browser.get("/console/overview")
    assert answer.status_code == 403
    assert "Not open to your role" in answer.text
    assert '<a href="/console/deliveries">Deliveries</a>' in answer.text
    assert "/console/system" not in answer.text


@pytest.mark.parametrize(
    ("role", "first"),
    [("owner", "overview"), ("support", "cases"), ("packer", "deliveries"), ("catalogue", "reviews")],
)
def test_the_first_page_is_the_first_area_that_the_role_opens(
    browser: FlaskClient, storefront: DeskStorefront, role: str, first: str
) -> None:
    storefront.role = role
    assert browser.get("/console/").headers["Location"] == f"/console/{first}"


def test_no_page_is_cached_indexed_or_framed(browser: FlaskClient, ada: int) -> None:
    for page in ("/console/overview", f"/console/customers/{ada}", "/console/orders.csv", "/console/events?day=x"):
        headers = browser.get(page).headers
        assert headers["Cache-Control"] == "no-store"
        assert "noindex" in headers["X-Robots-Tag"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("page", "form"),
    [
        ("/console/customers", {"asked": "ada@example.com"}),
        ("/console/emails", {"asked": "ada@example.com"}),
        ("/console/events", {"email": "ada@example.com"}),
        ("/console/recommendations", {"asked": "ada@example.com"}),
        ("/console/system/reactions/1/retry", {}),
        ("/console/system/reactions/retry", {"all": "yes"}),
    ],
)
def test_a_form_without_its_token_is_refused_in_the_consoles_dress(
    browser: FlaskClient, ada: int, page: str, form: dict[str, Any]
) -> None:
    answer = browser.post(page, data=form)
    assert answer.status_code == 400
    assert "out of date" in answer.text


@pytest.mark.parametrize(
    "page",
    [
        "/console/orders?first=yesterday", "/console/orders?first=2026-13-01", "/console/orders?first=0001-01-01",
        "/console/orders?last=9999-12-31", "/console/orders?first=2026-02-01&last=2026-01-01",
        "/console/orders?first=1980-01-01&last=2026-01-01", "/console/orders?before=1~2~3",
        "/console/emails?state=lost", "/console/emails?customer=1e3", "/console/emails?customer=99999999999999999999",
        "/console/emails?order=%00", "/console/emails?before=2026-11-20~x", "/console/deliveries?status=eaten",
        "/console/deliveries?after=zzz", "/console/events?day=0",
        "/console/events?before=0001-01-01T00:00:00%2B14:00~1",
        "/console/events?visit=-1", "/console/events?order=" + "x" * 300, "/console/audit?action=dance",
        "/console/audit?before=x", "/console/recommendations?product=%00",
    ],
)  # fmt: skip
def test_a_filter_that_cannot_be_read_is_refused_in_words(browser: FlaskClient, ada: int, page: str) -> None:
    answer = browser.get(page)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text


@pytest.mark.parametrize("page", ["/console/customers/999", "/console/emails/999", "/console/events/999999"])
def test_a_row_that_is_not_there_is_said_to_be_missing(browser: FlaskClient, ada: int, page: str) -> None:
    answer = browser.get(page)
    assert answer.status_code == 404
    assert "There is no such" in answer.text


@pytest.mark.parametrize("number", ["99999999999999999999999", "9223372036854775808"])
def test_a_number_too_big_for_any_row_is_no_error(browser: FlaskClient, ada: int, number: str) -> None:
    assert browser.get(f"/console/customers/{number}").status_code == 404


def test_who_may_not_see_customers_reads_no_letter_and_no_address(
    browser: FlaskClient, storefront: DeskStorefront, ada: int
) -> None:
    storefront.role = Role.MARKETER
    for page in ("/console/emails", "/console/emails/1"):
        answer = browser.get(page)
        assert (answer.status_code, "da@example.com" in answer.text) == (200, False)
        assert "A…@example.com" in answer.text
    assert browser.get("/console/emails/1/html").status_code == 403


def test_a_subject_or_a_servers_answer_names_nobody_to_who_may_not_see_customers(
    browser: FlaskClient, storefront: DeskStorefront, ada: int, sessions: sessionmaker[Session]
) -> None:
    with sessions.begin() as session:
        email = session.get_one(Email, 1)
        email.subject = "Something for you, Byron"
        bounce = Reported(
            kind=Kind.HARD, message_id=email.message_id, status="5.1.1", diagnostic="<byron@mail.example>: user unknown"
        )
        take_report(session, bounce, source="imap", now=datetime.now(UTC))
    for role, named in ((Role.MARKETER, False), (Role.OWNER, True)):
        storefront.role = role
        for page in ("/console/emails", "/console/emails/1"):
            text = browser.get(page).text
            assert ("Something for you, Byron" in text, "byron@mail.example" in text) == (named, named)
            assert "5.1.1" in text
