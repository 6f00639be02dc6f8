"""One coupon from the cart to the campaign that it belongs to: the code, the discounted money and the goods' cost."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from ecrm.installation import Installation
from ecrm.ledger import from_row
from ecrm.marketing.campaigns import found
from ecrm.marketing.period import Period
from ecrm.marketing.redemptions import Redemptions, redemptions_of
from shop.catalog.product import Product
from shop.checkout.order import Order
from shop.checkout.refunding import RefundAsked, cancel, refund
from shop.coupons.coupon import Coupon
from shop.database import db
from tests.conftest import NOW
from tests.shop.visitor import Visitor
from tracking.clickstream.event import Event
from tracking.delivery.shipment import Shipment, Status
from tracking.orders import SeenOrder, SeenOrderLine, SeenRefund

ALWAYS = Period(date(2020, 1, 1), date(2100, 1, 1))


@pytest.fixture
def campaign_id(crm: Installation) -> int:
    with crm.sessions.begin() as session:
        made = found(
            session, code="spring", name="Spring", channel="post", first_day=date(2026, 3, 1), last_day=None,
            codes=["SPRING-10"], now=NOW,
        )  # fmt: skip
        return made.id


def buy(app: Flask, shop_data: dict[str, int]) -> None:
    """Three bags of coffee at 7.49, which cost 4.10 each, with 10 % off."""
    with app.app_context():
        db.session.get_one(Product, shop_data["filter"]).cost_minor = 410
        yesterday = datetime.now(UTC) - timedelta(days=1)
        spring = Coupon(code="SPRING-10", label="Spring", percent=10, starts_at=yesterday, made_at=yesterday)
        db.session.add(spring)
        db.session.commit()
    visitor = Visitor(app)
    visitor.add(shop_data["filter"], 3)
    visitor.send("/cart/coupon", code="spring-10")
    visitor.submit(visitor.review(), "/checkout/place")


def test_the_crm_knows_the_code_the_money_after_it_and_what_the_goods_cost(
    app: Flask, crm: Installation, shop_data: dict[str, int], campaign_id: int
) -> None:
    buy(app, shop_data)
    with crm.sessions() as session:
        order = session.scalars(select(SeenOrder)).one()
        assert [code.upper() for code in order.codes] == ["SPRING-10"]
        assert (order.goods_minor, order.discount_minor, order.total_minor) == (2022, 0, 2022 + 495)
        [line] = session.scalars(select(SeenOrderLine)).all()
        assert (line.net_minor, line.cost_minor) == (2022, 1230)
        shown = redemptions_of(session, ALWAYS, time_zone="Europe/Berlin")
        assert shown == {campaign_id: Redemptions(1, 1, 2517, 0)}


def test_what_is_given_back_is_what_was_paid_and_the_delivery_is_told_as_such(
    app: Flask, crm: Installation, shop_data: dict[str, int], campaign_id: int
) -> None:
    buy(app, shop_data)
    with app.app_context():
        order = db.session.scalars(select(Order)).one()
        late = RefundAsked(pieces={}, shipping=True, restock=False, reason="came late")
        refund(db.session(), order, late, now=datetime.now(UTC))
        db.session.commit()
        cancel(db.session(), order, reason="never mind", now=datetime.now(UTC))
        db.session.commit()
    with crm.sessions() as session:
        given = session.scalars(select(SeenRefund.amount_minor).order_by(SeenRefund.id)).all()
        assert given == [495, 2022]
        told = session.scalars(select(Event).where(Event.name == "Order Refunded").order_by(Event.id)).all()
        assert [getattr(from_row(one), "shipping_minor", 0) for one in told] == [495, None]
        assert redemptions_of(session, ALWAYS, time_zone="Europe/Berlin")[campaign_id].refunded_minor == 2517


def test_an_order_made_free_by_a_coupon_and_cancelled_waits_for_no_parcel(
    app: Flask, crm: Installation, shop_data: dict[str, int]
) -> None:
    buy(app, shop_data)
    with app.app_context():
        order = db.session.scalars(select(Order)).one()
        db.session.execute(update(Order).values(total_minor=0, goods_minor=0, shipping_minor=0))
        db.session.refresh(order)
        assert cancel(db.session(), order, reason="never mind", now=datetime.now(UTC)) is None
        db.session.commit()
    with crm.sessions() as session:
        assert session.scalars(select(Shipment.status)).all() == [Status.CANCELLED]
        assert session.scalars(select(SeenRefund)).all() == []
