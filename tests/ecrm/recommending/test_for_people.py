"""People who aren't here: a few products each for an e-mail, and what an agent may offer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from ecrm.installation import Installation
from ecrm.letters import shop_context
from ecrm.recommending.choices import Choice, Chooser, choose
from ecrm.recommending.for_people import for_desk, for_email
from tests.ecrm.recommending.history import learn_history
from tests.ecrm.slots_host import GardenShop
from tracking.customers import Customer


@pytest.fixture(autouse=True)
def history(plugin: Installation) -> None:
    learn_history(plugin)


def number_of(plugin: Installation, name: str) -> int:
    with plugin.sessions() as session:
        return session.scalars(select(Customer.id).where(Customer.reference == name)).one()


def test_everybody_gets_products_of_their_own_in_the_order_asked(plugin: Installation, shop: GardenShop) -> None:
    shop.sell_out("spade")
    people = [number_of(plugin, name) for name in ("plants-1", "tools-1")]

    with shop_context(plugin), plugin.sessions() as session:
        found = dict(for_email(plugin, session, [*people, 999_999], n=2, exclude=["pot"]))

    assert list(found) == [*people, 999_999]
    plants, tools = ({pick.product.product_id for pick in found[one]} for one in people)
    assert plants <= {"seed", "soil"}
    assert tools <= {"rake", "hose", "glove"}
    assert all(len(picks) == 2 and all(pick.reason for pick in picks) for picks in found.values())


def test_an_e_mail_holds_to_what_was_said_and_to_nothing_for_grown_ups(plugin: Installation, shop: GardenShop) -> None:
    shop.cards["hose"] = replace(shop.cards["hose"], age_limited=True)
    tools = number_of(plugin, "tools-1")
    with plugin.sessions.begin() as session:
        choose(session, Chooser(tools, None), product="rake", choice=Choice.NOT_INTERESTED, now=datetime.now(UTC))

    with shop_context(plugin), plugin.sessions() as session:
        [(_customer, picks)] = for_email(plugin, session, [tools], n=6)

    assert not {"rake", "hose"} & {pick.product.product_id for pick in picks}


def test_an_agent_may_offer_what_the_customer_never_bought_with_the_figure_behind_it(
    plugin: Installation, host: Flask
) -> None:
    with host.test_request_context(), plugin.sessions() as session:
        offers = for_desk(plugin, session, number_of(plugin, "ada"))

    assert {offer.product.product_id for offer in offers} & {"spade", "hose", "glove"}
    assert "rake" not in {offer.product.product_id for offer in offers}
    assert all(offer.reason for offer in offers)


def test_an_agent_is_told_to_offer_nothing_that_the_customer_declined_or_has_from_elsewhere(
    plugin: Installation, host: Flask
) -> None:
    ada = number_of(plugin, "ada")
    with host.test_request_context(), plugin.sessions() as session:
        first, second = [offer.product.product_id for offer in for_desk(plugin, session, ada)][:2]
    with plugin.sessions.begin() as session:
        choose(session, Chooser(ada, None), product=first, choice=Choice.NOT_INTERESTED, now=datetime.now(UTC))
    with host.test_request_context(), plugin.sessions() as session:
        offers = {offer.product.product_id for offer in for_desk(plugin, session, ada, exclude=[second])}
    assert not {first, second} & offers


def test_nobody_is_offered_what_isnt_sold_to_their_country(plugin: Installation, shop: GardenShop, host: Flask) -> None:
    tools, other, ada = (number_of(plugin, name) for name in ("tools-1", "tools-2", "ada"))
    with plugin.sessions.begin() as session:
        session.get_one(Customer, tools).country = "CH"
        session.get_one(Customer, ada).country = "CH"
    shop.barred = {"hose": "CH", "glove": "DE"}

    with shop_context(plugin), plugin.sessions() as session:
        found = dict(for_email(plugin, session, [tools, other], n=8))
    with host.test_request_context(), plugin.sessions() as session:
        offers = {offer.product.product_id for offer in for_desk(plugin, session, ada, n=8)}

    swiss, unknown = ({pick.product.product_id for pick in found[one]} for one in (tools, other))
    assert "hose" not in swiss
    assert "glove" in swiss
    assert "hose" in unknown, "of whom nothing is known is taken for the shop's own country"
    assert "glove" not in unknown
    assert "hose" not in offers
    assert "glove" in offers


def test_before_the_first_training_nobody_is_recommended_anything(plugin: Installation, host: Flask) -> None:
    plugin.models.folder = plugin.models.folder / "elsewhere"
    plugin.models.begin()
    with host.test_request_context(), plugin.sessions() as session:
        assert list(for_email(plugin, session, [1])) == []
        assert for_desk(plugin, session, 1) == []
