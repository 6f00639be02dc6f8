"""A tiny shop to visit: what the plugin sees of its pages is the subject of the tests around it."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask, Response, abort, jsonify, redirect, render_template_string, session
from sqlalchemy import Engine
from werkzeug.wrappers import Response as BaseResponse

from ecrm import ECRM, CustomerFacts, ProductCard, ShopFacts, Staff, events

PAGE = "<!doctype html><title>x</title><p>{{ words }}</p>{{ crm.consent_banner() }}{{ crm.beacon() }}"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"
crm = ECRM()


class VisitedStorefront:
    """Answers what the clickstream asks; `broken` makes the question for the customer fail."""

    broken = False

    def facts(self) -> ShopFacts:
        return ShopFacts(
            name="Visited", base_url="http://localhost", currency="EUR", country="DE", time_zone="Europe/Berlin",
            sender="shop@example.com",
        )  # fmt: skip

    def current_customer(self) -> CustomerFacts | None:
        if self.broken:
            raise RuntimeError("the shop's database is away")
        reference = session.get("customer")
        return CustomerFacts(customer_id=reference, email="ada@example.com", first_name="Ada") if reference else None

    def current_staff(self) -> Staff | None:
        return None

    def sign_in_url(self, *, next_path: str) -> str:
        return "/enter"

    def sign_out_url(self) -> str:
        return "/leave"

    def products(self, product_ids: Sequence[str]) -> list[ProductCard]:
        return []

    def best_sellers(self, *, limit: int) -> list[str]:
        return []

    def cart_product_ids(self) -> frozenset[str]:
        return frozenset()

    def add_to_cart_url(self) -> str | None:
        return None

    def order_url(self, order_id: str, *, signed: bool) -> str:
        return f"/orders/{order_id}"

    def staff_order_url(self, order_id: str) -> str:
        return f"/orders/{order_id}"


def create_host(engine: Engine, storefront: VisitedStorefront, *, app: Flask | None = None) -> Flask:
    """The shop, with the plugin in it."""
    app = app or Flask(__name__)
    app.config.update(SECRET_KEY="visited" * 8, TESTING=True, ECRM_MAIL_TRANSPORT="memory", ECRM_JOBS="outside")
    crm.init_app(app, storefront=storefront, engine=engine)

    @app.get("/")
    def home() -> str:
        return render_template_string(PAGE, words="home")

    @app.get("/goods/<key>")
    def goods(key: str) -> str:
        if key == "none":
            abort(404)
        crm.observe(events.ProductViewed(product_id=key))
        return render_template_string(PAGE, words=key)

    @app.get("/strip")
    def strip() -> str:
        crm.observe(events.RecommendationsShown(placement="home", product_ids=("7",), reasons=("again",)))
        return render_template_string(PAGE, words="strip")

    @app.get("/staff/stock")
    def stock() -> str:
        return render_template_string(PAGE, words="stock")

    @app.get("/feed")
    def feed() -> Response:
        return jsonify(products=[])

    @app.get("/moved")
    def moved() -> BaseResponse:
        return redirect("/")

    @app.post("/enter/<customer>")
    def enter(customer: str) -> BaseResponse:
        session["customer"] = customer
        return redirect("/")

    @app.post("/leave")
    def leave() -> BaseResponse:
        session.pop("customer", None)
        crm.observe(events.SignedOut())
        return redirect("/")

    return app
