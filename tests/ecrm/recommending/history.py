"""A garden shop's past that makes the right recommendation obvious, and ways to read a page of it."""

from __future__ import annotations

from bs4 import BeautifulSoup

from ecrm import CustomerFacts
from ecrm.installation import Installation
from ecrm.training import train_models
from tests.ecrm.slots_host import GardenShop, customer, order

HOME = '{{ crm.recommendations("home", n=3) }}'


def learn_history(plugin: Installation) -> None:
    """Six gardeners buy tools, six buy plants; Ada buys a rake each week. Then the model is trained."""
    with plugin.sessions.begin() as session:
        for number in range(6):
            tools, plants = customer(session, f"tools-{number}"), customer(session, f"plants-{number}")
            order(session, tools, ["rake", "spade", "hose", "glove"], days_ago=number + 1)
            order(session, plants, ["seed", "pot", "soil"], days_ago=number + 1)
        ada = customer(session, "ada")
        for days_ago in (2, 9, 16):
            order(session, ada, ["rake"], days_ago=days_ago)
    train_models(plugin)


def sign_in(shop: GardenShop, name: str) -> None:
    """From now on every request is this customer's."""
    shop.customer = CustomerFacts(customer_id=name, email=f"{name}@example.com", first_name=name.title())


def cards(html: str) -> dict[str, str]:
    """Product → reason, in the order shown."""
    shown = BeautifulSoup(html, "html.parser").select(".ecrm-card")
    reasons = [card.select_one(".ecrm-card__reason") for card in shown]
    products = [str(card.select("a")[0]["href"]).lstrip("/").partition("?")[0] for card in shown]
    return dict(zip(products, (reason.text if reason else "" for reason in reasons), strict=True))
