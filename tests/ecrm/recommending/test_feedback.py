"""What a shopper says to a recommendation holds from the next page on, can be seen, and can be taken back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy import func, select

from ecrm.installation import Installation
from ecrm.keeping import erase_events
from ecrm.recommending.choices import (
    MOST,
    Choice,
    Chooser,
    RecommendationChoice,
    TooMany,
    choices_of,
    choose,
    take_back,
)
from ecrm.storefront import Staff
from tests.ecrm.recommending.history import HOME, cards, learn_history, sign_in
from tests.ecrm.slots_host import GardenShop
from tracking.customers import Customer

OWN = "/ecrm/recommendations"
pytestmark = pytest.mark.usefixtures("history")


@pytest.fixture
def history(plugin: Installation) -> None:
    learn_history(plugin)


def home(browser: FlaskClient) -> BeautifulSoup:
    return BeautifulSoup(browser.get("/", query_string={"page": HOME}).text, "html.parser")


def say(browser: FlaskClient, page: BeautifulSoup, **said: str) -> BeautifulSoup:
    """Press a card's button, and see the page that it leads back to."""
    token = str(page.select("input[name=csrf_token]")[0]["value"])
    form = {"csrf_token": token, "next": "/?page=x#ecrm-strip-1", **said}
    response = browser.post(f"{OWN}/choice", data=form)
    assert (response.status_code, response.headers["Location"]) == (303, form["next"])
    return home(browser)


def test_not_interested_hides_a_product_at_once_and_can_be_undone(browser: FlaskClient, shop: GardenShop) -> None:
    sign_in(shop, "ada")
    page = home(browser)
    assert "rake" in cards(str(page))

    after = say(browser, page, not_interested="rake")

    assert "rake" not in cards(str(after))
    said = after.select(".ecrm-said")[0]
    assert "We won't suggest Rake any more." in said.get_text(" ", strip=True)
    assert not home(browser).select(".ecrm-said"), "it is told once"
    again = say(browser, after, not_interested="rake", undo="1")
    assert "rake" in cards(str(again))
    assert "As before: Rake counts again." in again.get_text(" ")


def test_what_is_not_to_be_used_speaks_for_nothing(browser: FlaskClient, shop: GardenShop) -> None:
    sign_in(shop, "ada")
    before = home(browser)
    assert any("Rake" in reason for reason in cards(str(before)).values())

    after = say(browser, before, not_used="rake")

    assert not any("Rake" in reason for reason in cards(str(after)).values())


def test_a_stranger_who_agreed_is_asked_and_heard_too(browser: FlaskClient, plugin: Installation) -> None:
    browser.set_cookie("ecrm_consent", "2")
    browser.get("/see/seed")
    assert plugin.writer.flush()
    page = home(browser)
    assert cards(str(page))["pot"] == "Because you looked at Seed"
    button = page.select(".ecrm-card__say button[name=not_used]")[0]
    assert button["value"] == "seed", "it is about what led here, not about what is shown"

    after = say(browser, page, not_used="seed")

    assert not any("Seed" in reason for reason in cards(str(after)).values())


def test_nobody_is_offered_what_can_not_be_kept(browser: FlaskClient) -> None:
    page = home(browser)
    assert page.select(".ecrm-card__menu")
    assert not page.select(".ecrm-card__say")
    token = BeautifulSoup(browser.get("/ecrm/privacy").text, "html.parser").select("input[name=csrf_token]")[0]["value"]

    answer = browser.post(
        f"{OWN}/choice", data={"csrf_token": token, "not_interested": "rake"}, follow_redirects=True
    )  # fmt: skip

    assert "keep that choice: this browser is nobody" in answer.text


def test_a_choice_needs_a_token_a_product_and_a_known_word(browser: FlaskClient, shop: GardenShop) -> None:
    sign_in(shop, "ada")
    assert browser.post(f"{OWN}/choice", data={"not_interested": "rake"}).status_code == 400
    token = str(home(browser).select("input[name=csrf_token]")[0]["value"])
    for bad in ({}, {"not_interested": ""}, {"not_interested": "x" * 65}, {"not_used": "a\x00b"}, {"liked": "rake"}):
        answer = browser.post(f"{OWN}/choice", data={"csrf_token": token, **bad})
        assert answer.status_code == 400
        assert "Please" in answer.text or "please" in answer.text
    leading_away = {"csrf_token": token, "not_interested": "rake", "next": "//evil.example"}
    assert browser.post(f"{OWN}/choice", data=leading_away).headers["Location"] == "/"


def test_a_person_sees_what_is_used_and_can_change_it(
    browser: FlaskClient, shop: GardenShop, plugin: Installation
) -> None:
    assert "you see what everybody sees" in browser.get(OWN).text
    sign_in(shop, "ada")
    browser.set_cookie("ecrm_consent", "2")
    browser.get("/see/seed")
    page = home(browser)
    say(browser, page, not_interested="glove")

    own = BeautifulSoup(browser.get(OWN).text, "html.parser")

    lists = {
        str(section.h2.get_text()): [item.a.get_text() for item in section.select("li")]  # type: ignore[union-attr]
        for section in own.select("section")
    }
    assert lists == {"Not suggested any more": ["Glove"], "Looked at of late": ["Seed"], "From your orders": ["Rake"]}


def test_choices_are_bounded_and_the_second_click_changes_nothing(plugin: Installation) -> None:
    with plugin.sessions.begin() as session:
        ada = session.scalars(select(Customer.id).where(Customer.reference == "ada")).one()
        who, now = Chooser(ada, None), datetime.now(UTC)
        assert choose(session, who, product="rake", choice=Choice.NOT_USED, now=now)
        assert not choose(session, who, product="rake", choice=Choice.NOT_USED, now=now)
        for number in range(MOST - 1):
            choose(session, who, product=f"p{number}", choice=Choice.NOT_USED, now=now)
        with pytest.raises(TooMany):
            choose(session, who, product="one too many", choice=Choice.NOT_USED, now=now)
        assert take_back(session, who, product="rake", choice=Choice.NOT_USED)
        assert not take_back(session, who, product="rake", choice=Choice.NOT_USED)
        assert len(choices_of(session, who)) == MOST - 1


def test_an_erasure_takes_the_choices_along(browser: FlaskClient, shop: GardenShop, plugin: Installation) -> None:
    sign_in(shop, "ada")
    say(browser, home(browser), not_interested="rake")

    staff = Staff(staff_id="1", name="Olga", role="owner")
    erase_events(plugin, "ada@example.com", reason="asked for it", staff=staff)

    with plugin.sessions() as session:
        assert session.scalar(select(func.count()).select_from(RecommendationChoice)) == 0
