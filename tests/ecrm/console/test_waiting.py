"""Staff see how many wait for what, and which holidays come with the last day to order; no names of people."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask
from sqlalchemy import select

from ecrm.installation import installation
from mailer.consent import Topic, subscribe
from mailer.contacts import Contact
from mailer.supply import Look, observe
from mailer.waitlists import Kind, ask
from tests.shop.visitor import Visitor
from tracking.customers import Customer

NOW = datetime.now(UTC)


def see(app: Flask, shop_data: dict[str, int], path: str) -> str:
    return Visitor(app).sign_in(shop_data["olga"]).see(path).words


def test_products_stand_with_how_many_wait_and_how_many_pieces_are_left(app: Flask, shop_data: dict[str, int]) -> None:
    with installation(app).sessions.begin() as session:
        contact = Contact(folded="ada@example.com", address="ada@example.com", created_at=NOW)
        session.add(contact)
        session.flush()
        for kind, subject in (
            (Kind.STOCK, str(shop_data["sold_out"])),
            (Kind.BRAND, "Alba"),
            (Kind.CATEGORY, "Coffee"),
        ):
            ask(session, contact_id=contact.id, kind=kind, subject=subject, proved=True, now=NOW)
        look = Look(pieces=3, price_minor=None, sold=0)
        observe(session, str(shop_data["sold_out"]), look, known=None, now=NOW)
    page = see(app, shop_data, "/console/waitlists")
    assert "Gingerbread Men 1 0 0 3 3" in page
    assert "Alba Brand 1" in page
    assert "Coffee Category 1" in page
    assert "ada@example.com" not in page


def test_an_empty_list_says_where_the_form_stands(app: Flask, shop_data: dict[str, int]) -> None:
    assert "Nobody waits for a product" in see(app, shop_data, "/console/waitlists")


def test_holidays_come_with_the_last_day_to_order_and_the_number_of_people(
    app: Flask, shop_data: dict[str, int]
) -> None:
    with installation(app).sessions.begin() as session:
        customer = Customer(email="ada@example.com", country="US", created_at=NOW)
        session.add(customer)
        session.flush()
        contact = Contact(folded="ada@example.com", address="ada@example.com", created_at=NOW, customer_id=customer.id)
        session.add(contact)
        session.flush()
        subscribe(session, contact.id, [Topic.REMINDERS], how="test", wording="yes", now=NOW)
        assert session.scalar(select(Customer.country)) == "US"
    page = see(app, shop_data, "/console/holidays")
    assert "United States" in page
    assert "Germany" in page
    assert "nine of ten at most 2 days late; 0 known there, 0 in the shop" in page
