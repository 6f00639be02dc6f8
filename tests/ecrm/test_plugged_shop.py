"""What this repository's shop does for the CRM that is plugged into it."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from ecrm.installation import installation
from ecrm.letters import shop_context
from ecrm.storefront import products_for
from shop.catalog.product import Product
from shop.database import db
from tests.shop.browsing import register


def test_who_isnt_here_is_offered_what_is_sold_to_their_country_and_age(app: Flask, shop_data: dict[str, int]) -> None:
    product = str(shop_data["filter"])
    with app.app_context():
        db.session.execute(
            update(Product).where(Product.id == shop_data["filter"]).values(barred_in="CH", age_limit=18)
        )
        db.session.commit()
    storefront = installation(app).storefront

    def offered(region: str, *, adult: bool = False) -> tuple[bool, bool]:
        with shop_context(installation(app)):
            [card] = products_for(storefront, [product], region=region, adult=adult)
        return card.available, card.age_limited

    assert offered("CH") == (False, True)
    assert offered("AT") == (True, True)
    assert offered("", adult=True) == (True, False), "taken for the shop's own country"


@pytest.mark.usefixtures("shop_data")
def test_a_quick_add_leads_back_without_the_word_of_a_recommendation(app: Flask) -> None:
    found = BeautifulSoup(app.test_client().get("/search?q=filter&ecrm_from=home-3").text, "html.parser")

    backs = [str(one["value"]) for one in found.select('form.card__add input[name="next"]')]
    assert backs
    assert all(back.startswith("/search?q=filter#") for back in backs)


def test_the_footer_offers_news_to_strangers_and_their_choices_to_who_is_signed_in(client: FlaskClient) -> None:
    def footer() -> tuple[bool, bool]:
        found = BeautifulSoup(client.get("/").text, "html.parser").select_one(".site-footer")
        assert found is not None
        form = found.select('form[action="/ecrm/newsletter"]')
        return bool(form), bool(found.select('nav[aria-labelledby="footer-service"] a[href="/ecrm/preferences"]'))

    assert footer() == (True, False)
    register(client)
    assert footer() == (False, True)
