"""Looks count for a customer where the browser agreed to that, and a look that led to a purchase is remembered."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from recommender.catalogue import Description
from recommender.deeds import KINDS
from recommender.material import Shop, read
from recommender.signals import Kind
from tests.tracking.clicks import BOB, NOON, seen, store
from tracking.clickstream.sessions import Session as Visit
from tracking.customers import Customer
from tracking.orders import SeenOrder, SeenOrderLine
from tracking.visitors import Grade


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """It lists tea, which nobody bought."""
    return Shop(folder=tmp_path, descriptions={"tea": Description(text="tea")})


def test_looks_of_known_customers_are_deeds_and_lead_to_what_was_bought(
    sessions: sessionmaker[Session], shop: Shop
) -> None:
    with sessions.begin() as session:
        people = [Customer(reference=name, email=f"{name}@example.com", created_at=NOON) for name in ("ada", "bob")]
        session.add_all(people)
        session.flush()
        for number, one in enumerate(people):
            order = SeenOrder(
                reference=f"R-{number}", customer_id=one.id, placed_at=NOON + timedelta(hours=1), currency="EUR",
                goods_minor=100, total_minor=100,
            )  # fmt: skip
            session.add(order)
            session.flush()
            line = {"name": "cup", "quantity": 1, "net_minor": 100}
            session.add(SeenOrderLine(order_id=order.id, position=1, product="cup", **line))
    with sessions() as session:
        for token in ("a" * 32, BOB, "c" * 32):
            store(session, seen("Product Viewed", "tea", visitor_token=token, grade=Grade.PERSONAL))
            store(session, seen("Product Added", "cup", minutes=1, visitor_token=token, grade=Grade.PERSONAL))
        for visit, one in zip((1, 2), people, strict=True):
            session.execute(update(Visit).where(Visit.id == visit).values(customer_id=one.id))
        session.commit()

    material = read(sessions, shop, NOON + timedelta(days=1))

    products, deeds = material.interactions.products, material.deeds
    assert list(products) == ["cup", "tea"]
    told = [
        (who, products[product], KINDS[kind]) for who, product, kind, _age in zip(*vars(deeds).values(), strict=True)
    ]
    assert sorted(told) == [
        (0, "cup", Kind.CART), (0, "tea", Kind.VIEW), (1, "cup", Kind.CART), (1, "tea", Kind.VIEW),
    ]  # fmt: skip
    assert material.led_to.toarray().tolist() == [[0, 0], [2, 0]]
    assert len(material.clicks.product) == 6, "the third browser is nobody's, and teaches what comes next in a visit"
