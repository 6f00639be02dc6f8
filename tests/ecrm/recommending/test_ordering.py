"""A list in the visitor's own order: all of it, each once, and unchanged for somebody of whom nothing is known."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from ecrm.installation import Installation
from tests.ecrm.recommending.history import learn_history, sign_in
from tests.ecrm.slots_host import NAMES, GardenShop

ORDER = '{{ crm.ordered("category", names)|join(" ") }}'
PAGE = '{% set names = "' + " ".join(NAMES) + '".split(" ") %}' + ORDER


@pytest.fixture(autouse=True)
def history(plugin: Installation) -> None:
    learn_history(plugin)


def order(browser: FlaskClient) -> list[str]:
    return browser.get("/", query_string={"page": PAGE}).text.split()


def test_a_stranger_sees_the_shops_own_order(browser: FlaskClient) -> None:
    assert order(browser) == list(NAMES)


def test_a_click_moves_what_goes_with_it_up_and_drops_nothing(browser: FlaskClient) -> None:
    browser.set_cookie("ecrm_consent", "2")
    browser.get("/see/seed")

    found = order(browser)

    assert sorted(found) == sorted(NAMES)
    assert found.index("pot") < NAMES.index("pot")


def test_what_somebody_buys_comes_first(browser: FlaskClient, shop: GardenShop) -> None:
    sign_in(shop, "tools-1")
    assert set(order(browser)[:4]) == {"rake", "spade", "hose", "glove"}


def test_another_placement_has_no_order(browser: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    page = '{{ crm.ordered("home", ["rake", "pot"])|join(" ") }}'
    assert browser.get("/", query_string={"page": page}).text == "rake pot", "the shop's own stays"
    assert "only search and category have an order" in caplog.text
