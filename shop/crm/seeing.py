"""Steps of a visitor as events of the CRM; observing costs the request next to nothing."""

from __future__ import annotations

from flask import Flask

from ecrm import events

from ..accounts.account import Account
from ..catalog.product import Product
from .plugin import crm


def product_shown(_app: Flask, *, product: Product) -> None:
    crm.observe(events.ProductViewed(product_id=str(product.id)))


def list_shown(_app: Flask, *, list_id: str, product_ids: list[int], first_position: int) -> None:
    shown = tuple(str(product_id) for product_id in product_ids)
    crm.observe(events.ProductListViewed(list_id=list_id, product_ids=shown, first_position=first_position))


def searched(_app: Flask, *, query: str, results: int, product_ids: list[int], first_position: int) -> None:
    shown = tuple(str(product_id) for product_id in product_ids)
    crm.observe(events.ProductsSearched(query=query, results=results, product_ids=shown, first_position=first_position))


def cart_added(_app: Flask, *, product: Product, quantity: int) -> None:
    crm.observe(events.ProductAdded(product_id=str(product.id), quantity=quantity))


def cart_removed(_app: Flask, *, product: Product, quantity: int) -> None:
    crm.observe(events.ProductRemoved(product_id=str(product.id), quantity=quantity))


def cart_shown(_app: Flask, *, product_ids: list[int]) -> None:
    crm.observe(events.CartViewed(product_ids=tuple(str(product_id) for product_id in product_ids)))


def checkout_started(_app: Flask, *, value_minor: int, currency: str) -> None:
    crm.observe(events.CheckoutStarted(value_minor=value_minor, currency=currency))


def checkout_step_done(_app: Flask, *, step: str) -> None:
    crm.observe(events.CheckoutStepCompleted(step=step))
    if step == "review":
        crm.forget_remembered()


def signed_out(_app: Flask, *, account: Account) -> None:
    crm.observe(events.SignedOut())
