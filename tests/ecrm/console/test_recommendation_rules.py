"""The pages of rules and models: looked through first, made, ended, gone back to; each deed stands in the audit."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from ecrm.access.audit import AuditEntry
from ecrm.installation import installation
from ecrm.marketing.rules import RecommendationRule
from ecrm.training import train_models
from recommender.store import present_name

from .host import DeskStorefront

RULES, MODELS = "/console/recommendations/rules", "/console/recommendations/models"
FORM = {"what": "exclude", "of": "product", "value": "1", "weight": "", "placement": "", "first_day": "",
        "last_day": ""}  # fmt: skip


@pytest.fixture
def trained(desk: Flask, ada: int) -> None:
    """A model of Ada's few orders."""
    with desk.app_context():
        train_models(installation(desk))


def words(page: str) -> str:
    return " ".join(BeautifulSoup(page, "html.parser").text.split())


def deeds(sessions: sessionmaker[Session]) -> list[tuple[str, str, str]]:
    with sessions() as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(row.action, row.subject, row.reason) for row in rows]


@pytest.mark.usefixtures("trained")
def test_a_rule_is_looked_at_made_and_ended(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session], desk: Flask
) -> None:
    asked = FORM | {"csrf_token": token}
    looked = words(browser.post(RULES, data=asked | {"deed": "preview"}).text)
    assert "Home page: for you, with this rule" in looked
    assert "No longer shown: Espresso Beans" in looked
    with sessions() as session:
        assert session.scalars(select(RecommendationRule)).all() == []

    made = browser.post(RULES, data=asked | {"deed": "make"}, follow_redirects=True)
    assert "product 1 is left out" in words(made.text)
    (rule,) = installation(desk).rules.in_force()
    assert (rule.what, rule.of, rule.value, rule.placement) == ("exclude", "product", "1", None)

    ended = browser.post(f"{RULES}/{rule.id}/end", data={"csrf_token": token}, follow_redirects=True)
    assert "The rule has ended." in ended.text
    assert "There are no rules" in words(ended.text)
    assert installation(desk).rules.in_force() == ()
    again = browser.post(f"{RULES}/{rule.id}/end", data={"csrf_token": token}, follow_redirects=True)
    assert "It had ended already." in again.text
    assert browser.post(f"{RULES}/99/end", data={"csrf_token": token}).status_code == 404
    assert deeds(sessions) == [
        ("rule_made", f"rule:{rule.id}", "product 1 is left out"),
        ("rule_ended", f"rule:{rule.id}", "product 1 is left out"),
    ]


@pytest.mark.usefixtures("trained")
def test_a_pin_is_shown_at_its_place_in_the_preview(browser: FlaskClient, token: str) -> None:
    pinned = FORM | {"what": "pin", "value": "3", "weight": "1", "csrf_token": token, "deed": "preview"}
    page = BeautifulSoup(browser.post(RULES, data=pinned).text, "html.parser")

    assert page.select(".products li a")[0].text == "Oatmeal Cookies"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"value": ""}, "Say which product, brand or category"),
        ({"value": "77"}, "The shop lists no product of this number"),
        ({"of": "brand", "value": "Nobody's"}, "Nothing in the shop has this brand"),
        ({"what": "boost", "weight": "much"}, "a number above 1"),
        ({"what": "pin", "weight": "0"}, "1 to 20"),
        ({"last_day": "2020-01-01"}, "The last day lies before the first one"),
        ({"placement": "attic"}, "Choose where the rule holds"),
        ({"first_day": "soon"}, "is not a day"),
    ],
)
@pytest.mark.usefixtures("trained")
def test_what_cant_be_a_rule_is_refused_beside_its_field(
    browser: FlaskClient, token: str, given: dict[str, str], said: str
) -> None:
    answer = browser.post(RULES, data=FORM | given | {"csrf_token": token, "deed": "make"})

    assert answer.status_code == 400
    assert said in words(answer.text)


def test_before_the_first_training_there_is_nothing_to_preview(browser: FlaskClient, token: str) -> None:
    answer = browser.post(RULES, data=FORM | {"csrf_token": token, "deed": "preview"})

    assert "there is nothing that the rule could change" in words(answer.text)


@pytest.mark.usefixtures("trained")
def test_models_are_listed_with_what_the_gate_measured_and_can_be_gone_back_to(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session], desk: Flask
) -> None:
    with sessions() as session:
        first = present_name(session)
    with desk.app_context():
        train_models(installation(desk))
    page = words(browser.get(MODELS).text)
    assert "Too few customers came back since" in page

    back = browser.post(MODELS, data={"csrf_token": token, "name": first}, follow_redirects=True)

    assert f"{first} is in use" in back.text
    with sessions() as session:
        assert present_name(session) == first
    assert browser.post(MODELS, data={"csrf_token": token, "name": first}).status_code == 400
    assert browser.post(MODELS, data={"csrf_token": token}).status_code == 400
    assert deeds(sessions) == [("model_chosen", f"model:{first}", "")]


def test_an_analyst_reads_and_changes_nothing(browser: FlaskClient, storefront: DeskStorefront, token: str) -> None:
    storefront.role = "analyst"

    assert "Make the rule" not in browser.get(RULES).text
    assert browser.get(MODELS).status_code == 200
    for path in (RULES, f"{RULES}/1/end", MODELS):
        assert browser.post(path, data={"csrf_token": token}).status_code == 403
