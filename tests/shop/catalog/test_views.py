"""The catalogue's pages as a browser without scripts sees them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert

from shop import signals
from shop.catalog import listing
from shop.catalog.product import Product
from shop.database import db
from shop.hooks import hooks


def page(client: FlaskClient, path: str, *, status: int = 200) -> BeautifulSoup:
    answer = client.get(path)
    assert answer.status_code == status, answer.text[:2000]
    return BeautifulSoup(answer.text, "html.parser")


def card_names(soup: BeautifulSoup) -> list[str]:
    return [name.text.strip() for name in soup.select(".grid .card__name")]


@pytest.fixture
def heard(app: Flask) -> Any:
    """What was announced while the test ran: pairs of signal and facts."""
    told: list[tuple[str, dict[str, Any]]] = []

    def hear(name: str) -> Any:
        return lambda _app, **facts: told.append((name, facts))

    receivers = {name: hear(name) for name in ("product_shown", "list_shown", "searched")}
    for name, receiver in receivers.items():
        getattr(signals, name).connect(receiver, app)
    yield told
    for name, receiver in receivers.items():
        getattr(signals, name).disconnect(receiver, app)


def test_an_empty_shop_has_a_front_page(client: FlaskClient) -> None:
    assert page(client, "/").h1 is not None


def test_the_front_page_shows_departments_and_what_can_be_bought(
    client: FlaskClient, shop_data: dict[str, int]
) -> None:
    soup = page(client, "/")

    assert [tile.text.strip() for tile in soup.select(".floor__name")] == ["Grocery", "Home"]
    assert "Espresso Beans" in soup.text
    assert "Gingerbread Men" not in soup.text


@pytest.mark.parametrize("path", ["/about", "/privacy", "/imprint", "/d/grocery", "/search", "/search?q=the"])
def test_standing_pages_open(client: FlaskClient, shop_data: dict[str, int], path: str) -> None:
    assert len(page(client, path).find_all("h1")) == 1


def test_a_category_lists_filters_and_announces_its_products(
    client: FlaskClient, shop_data: dict[str, int], heard: list[Any]
) -> None:
    soup = page(client, "/d/grocery/cookies")
    assert card_names(soup) == ["Oatmeal Cookies", "Gingerbread Men"]
    assert heard == [
        (
            "list_shown",
            {
                "list_id": "grocery/cookies",
                "product_ids": [shop_data["oatmeal"], shop_data["sold_out"]],
                "first_position": 1,
            },
        )
    ]

    assert card_names(page(client, "/d/grocery/cookies?stock=1")) == ["Oatmeal Cookies"]


def test_sort_links_and_pages_keep_the_filters(app: Flask, client: FlaskClient, shop_data: dict[str, int]) -> None:
    with app.app_context():
        first = db.session.get_one(Product, shop_data["oatmeal"])
        for number in range(30):
            db.session.add(
                Product(
                    sku=f"N{number}", slug="n", name=f"Biscuit {number}", brand="Wren", category_id=first.category_id,
                    price_minor=100, stock=1, added_at=first.added_at,
                )
            )  # fmt: skip
        db.session.commit()

    soup = page(client, "/d/grocery/cookies?brand=Wren&sort=name")
    link = soup.select_one(".pager a[rel=next]")
    assert link is not None
    assert len(card_names(page(client, str(link["href"])))) == 6
    assert "brand=Wren" in str(link["href"])
    assert "sort=name" in str(link["href"])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/d/nowhere", 404), ("/d/grocery/nothing", 404), ("/d/home/coffee", 404),
        ("/p/999999", 404), ("/p/99999999999999999999/x", 404),
        ("/art/999999.svg", 404), ("/art/99999999999999999999.svg", 404),
        ("/d/grocery/coffee?page=2", 404), ("/d/grocery/coffee?page=x", 404), ("/d/grocery/coffee?sort=x", 400),
        ("/d/grocery/coffee?price=x", 400), ("/d/grocery/coffee?stock=9", 400), ("/search?q=coffee&page=77", 404),
    ],
)  # fmt: skip
def test_wrong_addresses_get_a_clear_page_in_the_shops_dress(
    client: FlaskClient, shop_data: dict[str, int], path: str, status: int
) -> None:
    soup = page(client, path, status=status)

    assert soup.select_one(".site-header .wordmark") is not None
    assert soup.h1 is not None


@pytest.mark.parametrize(
    "query",
    [
        "\x00",
        "%00",
        "<script>",
        "' --",
        "é" * 300,
        "a&b",
        "*",
        "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    ],
)
def test_any_search_gets_a_page(client: FlaskClient, shop_data: dict[str, int], query: str) -> None:
    answer = client.get("/search", query_string={"q": query})

    assert answer.status_code == 200
    assert "<script>alert" not in answer.text


def test_a_search_counts_shows_and_announces(client: FlaskClient, shop_data: dict[str, int], heard: list[Any]) -> None:
    soup = page(client, "/search?q=coffee")

    assert set(card_names(soup)) == {"Espresso Beans", "Filter Coffee"}
    assert card_names(soup)[0] == "Filter Coffee"  # the word stands in its name
    assert "2 products" in soup.text
    assert heard[0][0] == "searched"
    assert (heard[0][1]["query"], heard[0][1]["results"], heard[0][1]["first_position"]) == ("coffee", 2, 1)


def test_a_search_without_results_helps_and_is_announced(
    client: FlaskClient, shop_data: dict[str, int], heard: list[Any]
) -> None:
    soup = page(client, "/search?q=unobtainium")

    assert "Nothing found" in soup.h1.text  # type: ignore[union-attr]
    assert soup.select(".strip .card")
    assert heard == [("searched", {"query": "unobtainium", "results": 0, "product_ids": [], "first_position": 1})]


def test_a_product_page_shows_it_and_puts_it_in_the_cart(
    client: FlaskClient, shop_data: dict[str, int], heard: list[Any]
) -> None:
    soup = page(client, f"/p/{shop_data['espresso']}/espresso-beans")

    assert soup.h1 is not None
    assert soup.h1.text == "Espresso Beans"
    assert soup.select_one("form.buy input[name=product_id]")["value"] == str(shop_data["espresso"])  # type: ignore[index]
    product, crumbs = (json.loads(script.text) for script in soup.select('script[type="application/ld+json"]'))
    assert product["offers"] | {"url": ""} == {
        "@type": "Offer", "url": "", "price": "18.90", "priceCurrency": "EUR", "availability": "https://schema.org/InStock",
    }  # fmt: skip
    assert [step["name"] for step in crumbs["itemListElement"]] == ["Home", "Grocery", "Coffee", "Espresso Beans"]
    assert [name for name, _facts in heard] == ["product_shown"]


def test_a_sold_out_product_says_so_and_cannot_be_ordered(client: FlaskClient, shop_data: dict[str, int]) -> None:
    soup = page(client, f"/p/{shop_data['sold_out']}/gingerbread-men")

    assert "Sold out" in soup.text
    assert soup.select_one("form.buy") is None


def test_a_wrong_name_leads_to_the_right_address(client: FlaskClient, shop_data: dict[str, int]) -> None:
    for path in ("", "/", "/something-else"):
        answer = client.get(f"/p/{shop_data['espresso']}{path}")
        assert answer.status_code in {301, 404} if path == "/" else answer.status_code == 301
        if answer.status_code == 301:
            assert answer.location == f"/p/{shop_data['espresso']}/espresso-beans"


def test_an_unlisted_product_is_not_there_but_keeps_its_picture(
    app: Flask, client: FlaskClient, shop_data: dict[str, int]
) -> None:
    with app.app_context():
        db.session.get_one(Product, shop_data["espresso"]).listed = False
        db.session.commit()

    assert client.get(f"/p/{shop_data['espresso']}/espresso-beans").status_code == 404
    assert client.get("/search?q=espresso").text.count("Espresso Beans") == 0
    assert client.get(f"/art/{shop_data['espresso']}.svg").status_code == 200


def test_a_link_with_an_old_name_keeps_what_the_campaign_put_into_it(
    client: FlaskClient, shop_data: dict[str, int]
) -> None:
    answer = client.get(f"/p/{shop_data['candle']}/old-name?utm_source=news&utm_source=b%26w&_external=1&slug=x")
    right = f"/p/{shop_data['candle']}/beeswax-candle?utm_source=news&utm_source=b%26w&_external=1&slug=x"
    assert (answer.status_code, answer.location) == (301, right)


def test_a_picture_is_kept_long_under_the_address_of_what_it_shows(
    client: FlaskClient, shop_data: dict[str, int], app: Flask
) -> None:
    def address() -> str:
        page = BeautifulSoup(client.get("/d/home/candles").text, "html.parser")
        picture = page.select_one(f"#product-{shop_data['candle']} img")
        assert picture is not None
        return str(picture["src"])

    before = address()
    kept = client.get(before).headers["Cache-Control"]
    assert "immutable" in kept
    assert "max-age=2592000" in kept
    product = client.get(f"/p/{shop_data['candle']}/beeswax-candle")
    assert before in product.text, "the same address on every page"
    with app.app_context():
        db.session.get_one(Product, shop_data["candle"]).name = "Tallow Candle"
        db.session.commit()
    assert address() != before
    assert "Tallow Candle" in client.get(address()).text
    for other in (before, before.partition("?")[0], before + "0"):
        stale = client.get(other).headers["Cache-Control"]
        assert "immutable" not in stale
        assert "max-age=300" in stale


def test_a_picture_is_cached_for_everybody_and_confirmed_by_its_etag(
    client: FlaskClient, shop_data: dict[str, int]
) -> None:
    answer = client.get(f"/art/{shop_data['candle']}.svg")

    assert answer.mimetype == "image/svg+xml"
    assert "public" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    again = client.get(f"/art/{shop_data['candle']}.svg", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert not again.data


def test_mail_programs_get_the_picture_in_pixels(client: FlaskClient, shop_data: dict[str, int]) -> None:
    answer = client.get(f"/art/{shop_data['candle']}.png")

    assert answer.mimetype == "image/png"
    assert answer.data.startswith(b"\x89PNG")
    assert "public" in answer.headers["Cache-Control"]
    assert client.get("/art/999999.png").status_code == 404


def test_what_a_product_is_called_never_becomes_markup(
    app: Flask, client: FlaskClient, shop_data: dict[str, int]
) -> None:
    with app.app_context():
        product = db.session.get_one(Product, shop_data["espresso"])
        product.name = product.description = "</script><script>alert(1)</script>"
        db.session.commit()

    for path in (
        f"/p/{shop_data['espresso']}/espresso-beans",
        "/d/grocery/coffee",
        "/",
        f"/art/{shop_data['espresso']}.svg",
    ):
        assert "<script>alert(1)" not in client.get(path).text


def test_a_search_that_fits_half_the_shop_is_cut_and_says_so(
    app: Flask, client: FlaskClient, shop_data: dict[str, int]
) -> None:
    many = listing.MOST_LISTED + 1
    with app.app_context():
        cookies = db.session.get(Product, shop_data["oatmeal"]).category_id  # type: ignore[union-attr]
        plain = {
            "slug": "n", "size": "6 oz", "category_id": cookies, "price_minor": 100, "stock": 1, "sold": 0,
            "listed": True, "added_at": datetime(2026, 1, 1, tzinfo=UTC), "description": "",
        }  # fmt: skip
        rows = [
            {"sku": f"N{n}", "name": f"Wafer {n}", "brand": "Wren" if n else "Alba", "search_text": "wafer"} | plain
            for n in range(many)
        ]
        db.session.execute(insert(Product), rows)
        db.session.commit()

    soup = page(client, "/search?q=wafer")

    assert "More than 2.400 products" in soup.text  # the test shop writes numbers as in Germany
    assert len(card_names(soup)) == listing.PER_PAGE
    assert [label.text.strip() for label in soup.select('label:has(input[name="brand"]) > span')] == ["Alba", "Wren"]
    assert "More than" not in page(client, "/search?q=wafer&brand=Alba").text
    assert page(client, f"/search?q=wafer&page={listing.MOST_LISTED // listing.PER_PAGE}")
    assert page(client, f"/search?q=wafer&page={listing.MOST_LISTED // listing.PER_PAGE + 1}", status=404)


def test_who_is_known_sees_a_category_in_their_own_order_and_may_choose_another(
    app: Flask, client: FlaskClient, shop_data: dict[str, int]
) -> None:
    asked: list[tuple[str, str]] = []

    def backwards(place: str, product_ids: Sequence[int], category: str) -> list[int]:
        asked.append((place, category))
        return list(reversed(product_ids))

    def names(path: str) -> list[str]:
        return card_names(page(client, path))

    popular = names("/d/grocery/coffee")
    hooks(app).knows_visitor.insert(0, lambda place: True)
    hooks(app).in_their_order.insert(0, backwards)

    assert names("/d/grocery/coffee") == popular[::-1]
    assert names("/d/grocery/coffee?sort=popular") == popular
    assert names("/search?q=coffee") == names("/search?q=coffee&sort=popular")[::-1]
    assert set(asked) == {("category", "Coffee"), ("search", "")}
    assert names("/d/grocery/cookies")[-1] == "Gingerbread Men", "sold out is last in any order"
    hooks(app).knows_visitor.clear()
    assert names("/d/grocery/coffee?sort=for_you") == popular, "an address that was passed on"
