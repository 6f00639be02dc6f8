"""The second host: a whole Flask shop on plain sqlite3, no Flask-SQLAlchemy, no Flask-Login. Proof of "any shop"."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask, redirect, render_template_string, request, session

from ecrm import ECRM, CustomerFacts, ProductCard, ShopFacts, Staff, events
from ecrm.database import connect

GOODS = {"1": ("Red kite", 1500), "2": ("Blue kite", 1700), "3": ("String", 300)}
PAGE = """<html><head>{{ crm.styles() }}</head><body>
{{ crm.greeting() }} {{ crm.recommendations(place, product_id=product) }} {{ crm.consent_banner() }}
</body></html>"""
ORDER_PAGE = "<html><head>{{ crm.styles() }}</head><body>Order {{ number }} {{ crm.delivery(number) }}</body></html>"
crm = ECRM()


class KiteStorefront:
    """Twelve plain answers."""

    def facts(self) -> ShopFacts:
        return ShopFacts(name="Kites", base_url="http://localhost", currency="EUR", country="DE",
                         time_zone="Europe/Berlin", sender="kites@example.com")  # fmt: skip

    def current_customer(self) -> CustomerFacts | None:
        if "email" not in session:
            return None
        email = session["email"]
        return CustomerFacts(customer_id=email, email=email, first_name=email.split("@")[0].title())

    def current_staff(self) -> Staff | None:
        return Staff(staff_id="1", name="Boss", role="owner") if session.get("email") == "boss@example.com" else None

    def sign_in_url(self, *, next_path: str) -> str:
        return "/enter"

    def sign_out_url(self) -> str:
        return "/leave"

    def products(self, product_ids: Sequence[str]) -> list[ProductCard]:
        return [
            ProductCard(product_id=key, name=GOODS[key][0], price_minor=GOODS[key][1], currency="EUR",
                        url=f"/goods/{key}", image_url="/kite.svg")
            for key in product_ids if key in GOODS
        ]  # fmt: skip

    def best_sellers(self, *, limit: int) -> list[str]:
        return list(GOODS)[:limit]

    def cart_product_ids(self) -> frozenset[str]:
        return frozenset()

    def add_to_cart_url(self) -> str | None:
        return None

    def order_url(self, order_id: str, *, signed: bool) -> str:
        return f"/orders/{order_id}"

    def staff_order_url(self, order_id: str) -> str:
        return f"/orders/{order_id}"


def create_app(folder: Path) -> Flask:
    """The kite shop; its orders in one sqlite3 file, the CRM's tables in another."""
    app = Flask(__name__, instance_path=str(folder))
    app.config.update(SECRET_KEY="kites" * 8, TESTING=True, ECRM_MAIL_TRANSPORT="memory", ECRM_JOBS="outside",
                      ECRM_EASYPOST_SECRETS=("a secret",))  # fmt: skip
    orders = sqlite3.connect(folder / "kites.db", check_same_thread=False)
    orders.execute("CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, email TEXT, product TEXT)")
    crm.init_app(app, storefront=KiteStorefront(), engine=connect(f"sqlite:///{folder / 'crm.db'}"))

    @app.get("/")
    def home() -> str:
        return render_template_string(PAGE, place="home", product=None)

    @app.get("/goods/<key>")
    def goods(key: str) -> str:
        crm.observe(events.ProductViewed(product_id=key))
        return render_template_string(PAGE, place="product", product=key)

    @app.post("/enter")
    def enter() -> object:
        email = session["email"] = request.form["email"]
        now = datetime.now(UTC)
        crm.tell(events.SignedIn(at=now, person=_person(email), sign_in_id=f"{email}{now.timestamp()}"))
        return redirect("/")

    @app.post("/buy/<key>")
    def buy(key: str) -> str:
        email, (name, price) = session["email"], GOODS[key]
        with orders:
            number = orders.execute("INSERT INTO orders (email, product) VALUES (?, ?)", (email, key)).lastrowid
        line = events.OrderLine(product_id=key, name=name, quantity=1, net_minor=price)
        crm.tell(events.OrderCompleted(at=datetime.now(UTC), order_id=str(number), person=_person(email), lines=(line,),
                                       currency="EUR", goods_minor=price, total_minor=price))  # fmt: skip
        return f"order {number}"

    @app.post("/send/<number>")
    def send(number: str) -> str:
        crm.tell(events.OrderShipped(at=datetime.now(UTC), shipment_id=f"P{number}", order_id=number, carrier="UPS",
                                     tracking_number=request.form["tracking_number"]))  # fmt: skip
        return "sent"

    @app.get("/orders/<number>")
    def order(number: str) -> str:
        return render_template_string(ORDER_PAGE, number=number)

    return app


def _person(email: str) -> events.Person:
    return events.Person(email=email, customer_id=email, first_name=email.split("@")[0].title())
