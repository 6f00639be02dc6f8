"""A shop of three kites on the test's database: what the reactions need of a host, with answers that a test can set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from flask import Flask, url_for
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ecrm import ECRM, CustomerFacts, ProductCard, ShopFacts, Staff, events
from ecrm.installation import Installation, installation
from ecrm.ledger import PendingReaction, write
from ecrm.reactions import reaction_names, run_reactions
from mailer.outbox import Email
from mailer.transports import MemoryTransport

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
GOODS = {"1": ("Red kite", 1500), "2": ("Blue <kite>", 1700), "3": ("String", 300)}
ADDRESS = events.Address(name="Ada Byron", line1="Lane 1", city="Bonn", postcode="53111", country="DE", phone="+49 1")


@dataclass
class KiteStorefront:
    """Answers with `url_for` as a real shop's does, so that a missing request context shows."""

    customer: CustomerFacts | None = None
    pictures: str = "png"

    def facts(self) -> ShopFacts:
        return ShopFacts(
            name="Kites & Co", base_url="https://kites.example/shop", currency="EUR", country="DE",
            time_zone="Europe/Berlin", sender="kites@kites.example",
        )  # fmt: skip

    def current_customer(self) -> CustomerFacts | None:
        return self.customer

    def current_staff(self) -> Staff | None:
        return None

    def sign_in_url(self, *, next_path: str) -> str:
        return "/enter"

    def sign_out_url(self) -> str:
        return "/leave"

    def products(self, product_ids: Sequence[str]) -> list[ProductCard]:
        return [
            ProductCard(
                product_id=key, name=GOODS[key][0], url=f"/goods/{key}", price_minor=GOODS[key][1], currency="EUR",
                detail="90 cm" if key == "2" else "",
                image_url=url_for("picture", key=key, form=self.pictures),
            )
            for key in product_ids
            if key in GOODS
        ]  # fmt: skip

    def best_sellers(self, *, limit: int) -> list[str]:
        return list(GOODS)[:limit]

    def cart_product_ids(self) -> frozenset[str]:
        return frozenset()

    def add_to_cart_url(self) -> str | None:
        return None

    def order_url(self, order_id: str, *, signed: bool) -> str:
        return url_for("order", number=order_id, t="signed" if signed else None)

    def staff_order_url(self, order_id: str) -> str:
        return f"/staff/{order_id}"


@dataclass
class Kites:
    """The shop under test. `tell` is what a host does in its transaction, followed by the reactions."""

    app: Flask
    storefront: KiteStorefront = field(default_factory=KiteStorefront)

    @property
    def crm(self) -> Installation:
        return installation(self.app)

    @property
    def transport(self) -> MemoryTransport:
        assert isinstance(self.crm.transport, MemoryTransport)
        return self.crm.transport

    def tell(self, told: events.Told, *, visitor: str | None = None, grade: int = 0, react: bool = True) -> None:
        with self.crm.sessions.begin() as session:
            event_id = write(session, told, reactions=reaction_names(told), visitor=visitor, grade=grade)
        if react and event_id is not None:
            run_reactions(self.crm, [event_id])

    def session(self) -> Session:
        return self.crm.sessions()

    def all(self, record: type[Any]) -> list[Any]:
        with self.session() as session:
            return list(session.scalars(select(record)))

    def only(self, record: type[Any]) -> Any:
        (row,) = self.all(record)
        return row

    def owed(self) -> list[str]:
        return [row.name for row in self.all(PendingReaction) if row.state != "done"]

    def emails(self, template: str) -> list[Email]:
        return [row for row in self.all(Email) if row.template == template]


def open_kites(engine: Engine, folder: Path) -> Kites:
    """The shop with the plugin on this engine; e-mails stay in memory, no job runs by itself."""
    app = Flask("kites", instance_path=str(folder / "instance"), root_path=str(folder))
    app.config.update(
        SECRET_KEY="kites" * 8, TESTING=True, ECRM_MAIL_TRANSPORT="memory", ECRM_JOBS="outside", WTF_CSRF_ENABLED=False
    )
    kites = Kites(app)
    app.add_url_rule("/orders/<number>", "order", lambda number: number)
    app.add_url_rule("/pictures/<key>.<form>", "picture", lambda key, form: key)
    app.add_url_rule("/checkout", "checkout", lambda: str(ECRM().remembered_checkout()))
    ECRM().init_app(app, storefront=kites.storefront, engine=engine)
    return kites


def person(email: str = "ada@example.com", account: str | None = None, **more: Any) -> events.Person:
    return events.Person(email=email, customer_id=account, **({"first_name": "Ada", "last_name": "Byron"} | more))


def order(
    number: str = "A1", who: events.Person | None = None, at: datetime = AT, **more: Any
) -> events.OrderCompleted:
    """Two kites and a string for 35.00 with delivery."""
    values: dict[str, Any] = {
        "currency": "EUR",
        "lines": (
            events.OrderLine(product_id="2", name="Blue <kite>", quantity=2, net_minor=3000),
            events.OrderLine(product_id="3", name="String", quantity=1, net_minor=300),
        ),
        "goods_minor": 3300, "shipping_minor": 300, "discount_minor": 100, "total_minor": 3500,
        "delivery_method": "standard", "payment_method": "invoice", "address": ADDRESS,
        "promised_on": date(2026, 11, 24),
    }  # fmt: skip
    return events.OrderCompleted(at=at, order_id=number, person=who or person(), **(values | more))


def signed_up(account: str = "7", email: str = "ada@example.com", **more: Any) -> events.SignedUp:
    return events.SignedUp(at=AT, person=person(email, account, **more))


def shipped(parcel: str = "P1", number: str = "A1", **more: Any) -> events.OrderShipped:
    values: dict[str, Any] = {"carrier": "DHL", "tracking_number": "00340434"} | more
    return events.OrderShipped(at=AT, shipment_id=parcel, order_id=number, **values)


def cancelled(number: str = "A1") -> events.OrderCancelled:
    return events.OrderCancelled(at=AT, order_id=number)


def delivered(parcel: str = "P1", number: str = "A1") -> events.OrderDelivered:
    return events.OrderDelivered(at=AT, shipment_id=parcel, order_id=number)


def refunded(refund: str = "R1", number: str | None = "A1", amount: int = 1000) -> events.OrderRefunded:
    return events.OrderRefunded(
        at=AT, refund_id=refund, order_id=number, person=None, currency="EUR", amount_minor=amount, reason="torn"
    )
