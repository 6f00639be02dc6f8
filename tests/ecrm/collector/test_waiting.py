"""The mark of a visitor that pages carry: another one for another person, and no way back to the cookie."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ecrm.collector.waiting import waiting_mark
from tests.ecrm.visited_host import FIREFOX
from tracking.visitors import Grade

COOKIE = "0123456789abcdef" * 2


def marked(client: FlaskClient) -> str | None:
    found = re.search(r'data-visitor="([0-9a-f]*)"', client.get("/", headers={"User-Agent": FIREFOX}).text)
    return found and found[1]


@pytest.fixture
def shopper(client: FlaskClient) -> FlaskClient:
    client.set_cookie("ecrm_consent", "2")
    client.set_cookie("ecrm_visitor", COOKIE)
    return client


def test_a_page_carries_its_visitors_mark_and_not_the_cookie(shopper: FlaskClient) -> None:
    mark = marked(shopper)
    assert mark
    assert mark not in COOKIE
    assert marked(shopper) == mark


def test_the_first_page_has_the_mark_of_the_visitor_it_makes(client: FlaskClient) -> None:
    client.set_cookie("ecrm_consent", "1")
    mark = marked(client)
    assert mark
    assert marked(client) == mark


def test_who_signs_out_or_ends_the_visitor_leaves_the_mark_behind(shopper: FlaskClient) -> None:
    marks = [marked(shopper)]
    shopper.post("/leave", headers={"User-Agent": FIREFOX})
    marks.append(marked(shopper))
    shopper.post("/v1/reset", headers={"User-Agent": FIREFOX, "Sec-Fetch-Site": "same-origin"})
    marks.append(marked(shopper))
    assert len(set(marks)) == 3
    assert all(marks)


def test_another_grade_is_another_mark(host: Flask) -> None:
    with host.app_context():
        assert waiting_mark(COOKIE, Grade.ANALYTICS) != waiting_mark(COOKIE, Grade.PERSONAL)
        assert waiting_mark(None, Grade.NONE) == ""


@pytest.mark.parametrize(("grade", "carried"), [(None, True), ("0", True), ("1", False), ("2", False)])
def test_who_has_refused_gets_the_script_that_forgets(client: FlaskClient, grade: str | None, carried: bool) -> None:
    if grade:
        client.set_cookie("ecrm_consent", grade)
    assert ("forget.js" in client.get("/ecrm/privacy").text) is carried
