"""What a page recommends: for whom, from what they did, and only what can be sold now."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy import select

from ecrm.installation import Installation
from tests.ecrm.recommending.history import HOME, cards, learn_history, sign_in
from tests.ecrm.slots_host import GardenShop, customer, order
from tracking.clickstream.event import Event

CART = '{{ crm.recommendations("cart", n=3) }}'


@pytest.fixture
def history(plugin: Installation) -> None:
    learn_history(plugin)


def heading(html: str) -> str:
    return html.partition("</h2>")[0].rpartition(">")[2]


@pytest.mark.usefixtures("history")
def test_a_stranger_sees_what_is_popular(browser: FlaskClient) -> None:
    html = browser.get("/", query_string={"page": HOME}).text

    assert heading(html) == "Popular right now"
    assert len(cards(html)) == 3
    assert set(cards(html).values()) == {""}, "the heading says it already"


@pytest.mark.usefixtures("history")
def test_a_known_customer_sees_what_they_buy_and_what_goes_with_it(browser: FlaskClient, shop: GardenShop) -> None:
    sign_in(shop, "ada")

    html = browser.get("/", query_string={"page": HOME}).text

    assert heading(html) == "For you"
    assert cards(html)["rake"].startswith("You buy this often, last on ")
    assert any(reason.startswith("Goes with Rake, which you bought on ") for reason in cards(html).values())


@pytest.mark.usefixtures("history")
def test_a_product_page_says_in_how_many_orders_they_lay_together(browser: FlaskClient) -> None:
    html = browser.get("/see/seed").text

    assert heading(html) in ("Often bought together", "You may also like")
    assert cards(html)["pot"] == cards(html)["soil"] == "Bought together in 6 orders"
    assert "seed" not in cards(html)


@pytest.mark.usefixtures("history")
def test_a_product_page_with_enough_neighbours_shows_nothing_else(browser: FlaskClient) -> None:
    html = browser.get("/see/rake").text

    assert heading(html) == "Often bought together"
    assert set(cards(html)) == {"spade", "hose", "glove"}


@pytest.mark.usefixtures("history")
def test_what_is_sold_out_unlisted_or_in_the_cart_is_not_shown(browser: FlaskClient, shop: GardenShop) -> None:
    shop.sell_out("spade")
    del shop.cards["hose"]
    shop.cart = frozenset({"rake"})

    shown = cards(browser.get("/", query_string={"page": CART}).text)

    assert next(iter(shown.items())) == ("glove", "Often bought with Rake in your cart")
    assert not {"spade", "hose", "rake"} & set(shown)


@pytest.mark.usefixtures("history")
def test_no_product_is_shown_twice_on_a_page(browser: FlaskClient) -> None:
    html = browser.get("/", query_string={"page": HOME + HOME}).text

    products = re.findall(r'class="ecrm-card__link" href="/(\w+)', html)
    assert len(products) == len(set(products)) == 6


@pytest.mark.usefixtures("history")
def test_what_a_visitor_looked_at_counts_at_once_if_they_agreed(browser: FlaskClient, plugin: Installation) -> None:
    browser.set_cookie("ecrm_consent", "1")
    browser.get("/see/seed")
    assert plugin.writer.flush()
    assert "looked at" not in browser.get("/", query_string={"page": HOME}).text  # statistics alone

    browser.set_cookie("ecrm_consent", "2")
    assert "looked at" not in browser.get("/", query_string={"page": HOME}).text  # and it stays there
    browser.get("/see/seed")
    html = browser.get("/", query_string={"page": HOME}).text

    assert cards(html)["pot"] == "Because you looked at Seed"


@pytest.mark.usefixtures("history")
def test_a_click_counts_on_the_very_next_page(browser: FlaskClient, plugin: Installation) -> None:
    browser.set_cookie("ecrm_consent", "2")
    browser.get("/see/boot")
    plugin.writer.flush()
    browser.get("/see/seed")
    assert plugin.writer.figures.waiting, "the writer hasn't stored it yet"

    html = browser.get("/", query_string={"page": HOME}).text

    assert cards(html)["pot"] == "Because you looked at Seed"


@pytest.mark.usefixtures("history")
def test_what_a_heading_says_of_all_cards_stands_on_none_of_them(browser: FlaskClient) -> None:
    browser.set_cookie("ecrm_consent", "2")
    for product in ("boot", "seed"):
        browser.get(f"/see/{product}")

    two, more = (
        browser.get("/", query_string={"page": f'{{{{ crm.recommendations("recent", n={n}) }}}}'}).text for n in (2, 4)
    )

    assert heading(two) == "Recently viewed"
    assert cards(two) == {"seed": "", "boot": ""}
    assert two.count("You looked at this") == 2, "in the menus"
    assert heading(more) == "Recently viewed, and more like it"
    assert cards(more)["seed"] == "You looked at this"


@pytest.mark.usefixtures("history")
def test_without_consent_what_was_looked_at_leads_nowhere(browser: FlaskClient, plugin: Installation) -> None:
    browser.get("/see/seed")
    assert plugin.writer.flush()

    assert heading(browser.get("/", query_string={"page": HOME}).text) == "Popular right now"


@pytest.mark.usefixtures("history")
def test_the_first_order_of_a_newcomer_counts_on_the_next_page(
    browser: FlaskClient, shop: GardenShop, plugin: Installation
) -> None:
    sign_in(shop, "newcomer")
    with plugin.sessions.begin() as session:
        order(session, customer(session, "newcomer"), ["seed"], days_ago=-0.01)

    shown = cards(browser.get("/", query_string={"page": HOME}).text)

    assert shown["pot"] == shown["soil"]
    assert shown["pot"].startswith("Goes with Seed, which you bought")


@pytest.mark.usefixtures("history")
def test_what_was_shown_and_why_is_recorded(browser: FlaskClient, plugin: Installation) -> None:
    shown = cards(browser.get("/see/rake").text)
    assert plugin.writer.flush()

    with plugin.sessions() as session:
        event = session.scalars(select(Event).where(Event.name == "Recommendations Shown")).one()
    assert event.subject == "product"
    assert event.properties["product_ids"] == list(shown)
    assert event.properties["reasons"] == ["together"] * 3


def test_a_card_can_be_added_and_leads_back_to_its_strip(browser: FlaskClient, shop: GardenShop) -> None:
    assert "<form" not in browser.get("/", query_string={"page": HOME}).text, "this shop says nothing of a cart"

    shop.add_url = "/basket"
    page = BeautifulSoup(browser.get("/", query_string={"page": HOME, "x": "ä&#"}).text, "html.parser")

    forms = page.select("form")
    assert len(forms) == 3
    assert [(form["method"], form["action"]) for form in forms] == [
        ("post", f"/basket?ecrm_from=home-{position}-popular") for position in (1, 2, 3)
    ]
    fields = {str(field["name"]): str(field["value"]) for field in forms[0].select("input")}
    assert list(fields) == ["csrf_token", "product_id", "quantity", "next"]
    assert (fields["product_id"], fields["quantity"]) == ("rake", "1")
    address, _, anchor = fields["next"].rpartition("#")
    assert address.startswith("/?page=")
    assert "&x=%C3%A4%26%23" in address
    assert page.find(id=anchor) == page.select_one("section.ecrm-strip")
    assert forms[0].get_text(" ", strip=True) == "Add Rake to the cart"


def test_a_reduced_price_says_what_it_was(browser: FlaskClient, shop: GardenShop) -> None:
    shop.cards["rake"] = replace(shop.cards["rake"], was_minor=2500)
    shop.cards["spade"] = replace(shop.cards["spade"], was_minor=1250)

    page = BeautifulSoup(browser.get("/", query_string={"page": HOME}).text, "html.parser")

    assert [badge.text for badge in page.select(".ecrm-card__badge")] == ["−50 %"]
    assert [was.text for was in page.select(".ecrm-card__was")] == ["before: €25.00"]


@pytest.mark.usefixtures("history")
def test_strips_on_one_page_have_different_names_and_ids(browser: FlaskClient) -> None:
    strip = '{{ crm.recommendations("home", n=1) }}'
    page = BeautifulSoup(browser.get("/", query_string={"page": strip * 4}).text, "html.parser")

    headings = [heading.text for heading in page.select("h2")]
    assert headings == ["Popular right now", "More for you", "Popular right now (2)", "Popular right now (3)"]
    ids = [str(tag["id"]) for tag in page.select("[id]")]
    assert len(ids) == len(set(ids)) == 8


def test_on_the_first_day_best_sellers_are_shown(browser: FlaskClient, shop: GardenShop) -> None:
    shop.sell_out("rake")
    shop.cart = frozenset({"spade"})

    html = browser.get("/", query_string={"page": HOME}).text

    assert heading(html) == "Best sellers"
    assert list(cards(html)) == ["hose", "seed", "pot"]


def test_where_nothing_can_be_shown_there_is_no_empty_strip(browser: FlaskClient, shop: GardenShop) -> None:
    shop.best = []

    assert browser.get("/", query_string={"page": HOME}).text == ""


@pytest.mark.usefixtures("history")
def test_a_list_of_ones_own_is_shown_to_people_who_are_known_only(browser: FlaskClient, shop: GardenShop) -> None:
    page = "".join(f'{{{{ crm.recommendations("{one}", n=3) }}}}' for one in ("again", "new", "recent"))
    assert browser.get("/", query_string={"page": page}).text == ""

    sign_in(shop, "ada")
    html = BeautifulSoup(browser.get("/", query_string={"page": page}).text, "html.parser")

    assert [heading.text for heading in html.select("h2")][:2] == ["Buy it again", "New for you"]
    assert "rake" not in cards(str(html.select("section")[1]))


@pytest.mark.usefixtures("history")
def test_a_product_that_was_just_listed_is_proposed_before_any_training(
    browser: FlaskClient, shop: GardenShop, plugin: Installation
) -> None:
    sign_in(shop, "ada")
    shop.list_new("wheelbarrow")

    shown = cards(browser.get("/", query_string={"page": '{{ crm.recommendations("new", n=6) }}'}).text)

    assert shown["wheelbarrow"] == "New from Greenfinger, which you buy"


@pytest.mark.usefixtures("history")
def test_age_limited_goods_are_for_who_confirmed_their_age(browser: FlaskClient, shop: GardenShop) -> None:
    shop.cards["pot"] = replace(shop.cards["pot"], age_limited=True)
    assert "pot" not in cards(browser.get("/see/seed").text)

    shop.adult = True
    assert "pot" in cards(browser.get("/see/seed").text)


def test_an_unknown_placement_is_logged_with_the_known_ones_and_leaves_the_slot_empty(
    browser: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    assert browser.get("/", query_string={"page": '{{ crm.recommendations("attic") }}'}).text == ""
    assert "no placement is called 'attic'; there are home, again" in caplog.text
