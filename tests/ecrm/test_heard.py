""" "Where did you hear of us?": answered once, only for an order whose page one saw, and never lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import render_template_string
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from ecrm.collector.heard import MAX_ANSWER
from ecrm.reactions import run_reactions
from tracking.clickstream.event import Event
from tracking.orders import SeenOrder

from .kites import Kites, open_kites, order


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    kites = open_kites(engine, tmp_path)
    kites.app.add_url_rule(
        "/thanks/<number>", "thanks", lambda number: render_template_string("{{ crm.heard_of_us(n) }}", n=number)
    )
    return kites


def token(page: str) -> str:
    found = re.search(r'name="order" value="([^"]+)"', page)
    assert found is not None
    return found.group(1)


def answer(browser: FlaskClient, number: str = "A1", **fields: str) -> TestResponse:
    page = browser.get(f"/thanks/{number}").text
    return browser.post("/ecrm/heard", data={"order": token(page), "next": f"/thanks/{number}", **fields})


def test_the_question_is_asked_until_it_is_answered(kites: Kites) -> None:
    # given
    kites.tell(order())
    browser = kites.app.test_client()
    assert "Where did you hear of us?" in browser.get("/thanks/A1").text

    # when
    answered = answer(browser, answer="A friend or family")

    # then
    assert (answered.status_code, answered.location) == (303, "/thanks/A1")
    assert kites.only(SeenOrder).heard_from == "A friend or family"
    page = browser.get("/thanks/A1").text
    assert "Thank you for telling us" in page
    assert "<form" not in page


def test_own_words_are_kept_as_one_line(kites: Kites) -> None:
    kites.tell(order())
    answer(kites.app.test_client(), answer="other", words="  the\tradio,\x00 at 7 \u202e ")
    assert kites.only(SeenOrder).heard_from == "the radio, at 7"


def test_words_alone_are_an_answer(kites: Kites) -> None:
    kites.tell(order())
    answer(kites.app.test_client(), words="Radio")
    assert kites.only(SeenOrder).heard_from == "Radio"


def test_the_first_answer_counts(kites: Kites) -> None:
    kites.tell(order())
    browser = kites.app.test_client()
    again = {"order": token(browser.get("/thanks/A1").text)}
    browser.post("/ecrm/heard", data={**again, "answer": "Social media"})
    second = browser.post("/ecrm/heard", data={**again, "answer": "A search engine"})
    assert second.status_code == 303
    assert kites.only(SeenOrder).heard_from == "Social media"
    assert [row.name for row in kites.all(Event)].count("Heard Of Us") == 1


@pytest.mark.parametrize(
    "fields", [{}, {"answer": "other"}, {"answer": "made up", "words": "Radio"}, {"words": "x" * (MAX_ANSWER + 1)}]
)
def test_what_is_no_answer_is_refused_in_words(kites: Kites, fields: dict[str, str]) -> None:
    kites.tell(order())
    refused = answer(kites.app.test_client(), **fields)
    assert refused.status_code == 400
    assert "Please" in refused.text
    assert kites.only(SeenOrder).heard_from == ""


def test_nobody_answers_for_an_order_whose_page_they_did_not_see(kites: Kites) -> None:
    kites.tell(order())
    browser = kites.app.test_client()
    for forged in ("A1", "", '"A1".x.y', "\x00é", "x" * 10_000):
        refused = browser.post("/ecrm/heard", data={"order": forged, "answer": "Social media"})
        assert refused.status_code == 400
    assert kites.only(SeenOrder).heard_from == ""


def test_an_answer_that_comes_before_the_orders_reactions_waits_for_them(kites: Kites) -> None:
    # given: the worker hasn't come to the order yet
    kites.tell(order(), react=False)
    answer(kites.app.test_client(), answer="Social media")
    assert "remember_heard" in kites.owed()

    # when
    kites_time_passes(kites)

    # then
    assert kites.only(SeenOrder).heard_from == "Social media"


def test_without_choices_nothing_is_asked(kites: Kites) -> None:
    kites.app.config["ECRM_HEARD_CHOICES"] = ()
    assert kites.app.test_client().get("/thanks/A1").text == ""


def test_the_way_back_leads_to_this_shop_only(kites: Kites) -> None:
    kites.tell(order())
    assert answer(kites.app.test_client(), answer="Social media", next="https://evil.example/").location == "/"


def kites_time_passes(kites: Kites) -> None:
    """The job `react`, once now and once more for what had to wait."""
    for owed in [row.id for row in kites.all(Event)]:
        run_reactions(kites.crm, [owed])
