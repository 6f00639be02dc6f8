"""A list in the visitor's own order: all of it, each once, and unchanged for somebody of whom nothing is known."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from ecrm.installation import Installation
from ecrm.marketing.experiments import Exposure, Unit, start
from ecrm.trials import Trials
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


KNOWS = "{{ crm.knows_visitor('category') }}"


def test_a_list_is_only_called_the_visitors_own_where_it_is(browser: FlaskClient, plugin: Installation) -> None:
    def is_own() -> bool:
        return browser.get("/", query_string={"page": KNOWS}).text == "True"

    browser.set_cookie("ecrm_consent", "2")
    assert not is_own()
    browser.get("/see/seed")
    assert is_own()

    # when: nearly everybody is in the control group of an experiment on the placement
    with plugin.sessions.begin() as session:
        start(
            session, name="Shelves", subject="placement:category", unit=Unit.VISITOR, control_percent=90, by="",
            now=datetime.now(UTC),
        )  # fmt: skip
    trials: Trials = plugin.app.extensions["ecrm_trials"]
    trials.forget()

    own = is_own()
    assert own is (order(browser) != list(NAMES))
    assert plugin.writer.flush()
    with plugin.sessions() as session:
        [exposure] = session.scalars(select(Exposure)).all()
    assert exposure.control is not own, "told no, the shop asks for no order; the control group is noted all the same"
