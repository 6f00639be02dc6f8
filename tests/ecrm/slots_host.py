"""A host for the slots: a garden shop of eight things, whose customer, cart and stock a test sets as it likes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from flask import Flask, render_template_string, request
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ecrm import ECRM, CustomerFacts, ProductCard, ProductFacts, ShopFacts, Staff, events
from tracking.customers import Customer
from tracking.orders import SeenOrder, SeenOrderLine

NOW = datetime.now(UTC)
NAMES = ("rake", "spade", "hose", "seed", "pot", "soil", "glove", "boot")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
crm = ECRM()


class GardenShop:
    """Sells what is in `cards`; the other attributes are the present request's."""

    def __init__(self) -> None:
        self.cards = {
            name: ProductCard(
                product_id=name, name=name.title(), url=f"/{name}", image_url=f"/{name}.svg", price_minor=1250,
                currency="EUR", brand="Greenfinger",
            )
            for name in NAMES
        }  # fmt: skip
        self.customer: CustomerFacts | None = None
        self.cart: frozenset[str] = frozenset()
        self.best: list[str] = list(NAMES)
        self.add_url: str | None = None
        self.adult = False
        self.arrived: list[ProductFacts] = []
        self.broken = False
        self.barred: dict[str, str] = {}

    def sell_out(self, name: str) -> None:
        self.cards[name] = replace(self.cards[name], available=False)

    def list_new(self, name: str) -> None:
        """A product that came after whatever was learnt."""
        self.cards[name] = replace(self.cards["rake"], product_id=name, name=name.title(), url=f"/{name}")
        self.arrived.append(ProductFacts(product_id=name, text=name, brand="Greenfinger", added_at=datetime.now(UTC)))

    def arrivals(self, since: datetime) -> list[ProductFacts]:
        return [one for one in self.arrived if one.added_at and one.added_at > since]

    def is_adult(self) -> bool:
        return self.adult

    def catalogue(self) -> list[ProductFacts]:
        return [
            ProductFacts(product_id=one.product_id, text=one.name, brand=one.brand, price_minor=one.price_minor)
            for one in self.cards.values()
        ]

    def facts(self) -> ShopFacts:
        return ShopFacts(name="Garden", base_url="http://localhost", currency="EUR", country="DE",
                         time_zone="Europe/Berlin", sender="garden@example.com")  # fmt: skip

    def current_customer(self) -> CustomerFacts | None:
        if self.broken:
            raise RuntimeError("the shop is on fire")
        return self.customer

    def current_staff(self) -> Staff | None:
        return None

    def sign_in_url(self, *, next_path: str) -> str:
        return "/in"

    def sign_out_url(self) -> str:
        return "/out"

    def products(self, product_ids: Sequence[str]) -> list[ProductCard]:
        return [self.cards[one] for one in product_ids if one in self.cards]

    def products_for(self, product_ids: Sequence[str], *, region: str, adult: bool) -> list[ProductCard]:
        return [
            replace(
                card, available=card.available and self.barred.get(card.product_id) != region,
                age_limited=card.age_limited and not adult,
            )
            for card in self.products(product_ids)
        ]  # fmt: skip

    def best_sellers(self, *, limit: int) -> list[str]:
        return self.best[:limit]

    def cart_product_ids(self) -> frozenset[str]:
        return self.cart

    def add_to_cart_url(self) -> str | None:
        return self.add_url

    def order_url(self, order_id: str, *, signed: bool) -> str:
        return f"/orders/{order_id}"

    def staff_order_url(self, order_id: str) -> str:
        return f"/orders/{order_id}"


def create_host(engine: Engine, shop: GardenShop, **config: object) -> Flask:
    """The garden shop; `/` renders the template of the query argument `page`, `/see/…` is a product page."""
    app = Flask("garden", template_folder=None)
    app.config.update(SECRET_KEY="g" * 40, TESTING=True, ECRM_MAIL_TRANSPORT="memory", **config)
    crm.init_app(app, storefront=shop, engine=engine)

    @app.get("/")
    def page() -> str:
        return render_template_string(request.args["page"])

    @app.get("/see/<name>")
    def see(name: str) -> str:
        crm.observe(events.ProductViewed(product_id=name))
        return render_template_string('{{ crm.recommendations("product", product_id=name, n=3) }}', name=name)

    return app


def customer(session: Session, name: str) -> int:
    """A customer whom the shop knows by this name."""
    row = Customer(reference=name, email=f"{name}@example.com", first_name=name.title(), created_at=NOW)
    session.add(row)
    session.flush()
    return row.id


def order(session: Session, customer_id: int, products: Sequence[str], *, days_ago: float) -> None:
    """An order of one piece each, so long before this moment: the plugin trains by the clock, not by `NOW`."""
    row = SeenOrder(
        reference=f"R-{session.query(SeenOrder).count() + 1}", customer_id=customer_id,
        placed_at=datetime.now(UTC) - timedelta(days=days_ago), currency="EUR", goods_minor=100, total_minor=100,
    )  # fmt: skip
    session.add(row)
    session.flush()
    session.add_all(
        SeenOrderLine(order_id=row.id, position=place, product=product, name=product, quantity=1, net_minor=100)
        for place, product in enumerate(products)
    )
    session.flush()
