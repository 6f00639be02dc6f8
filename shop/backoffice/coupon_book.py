"""Coupons as staff keep them: listed with what they brought, made, stopped. Terms never change once a code is out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from ..catalog.product import Product
from ..checkout.order import CouponUse, Order, OrderStatus
from ..coupons.coupon import Coupon, CouponProduct
from ..paging import Page, read_page
from ..writes import insert_or_ignore, rows_changed
from .coupon_form import CouponAnswers

STATES = ("running", "planned", "ended")


class CodeTaken(Exception):
    """There is a coupon of this code already."""


class NoSuchProducts(Exception):
    """`skus` are no products of this shop."""

    def __init__(self, skus: Sequence[str]) -> None:
        super().__init__(", ".join(skus))
        self.skus = tuple(skus)


@dataclass(frozen=True)
class Used:
    """Orders that used a coupon and weren't cancelled, what they paid in all, and what it took off (minor units)."""

    orders: int = 0
    total_minor: int = 0
    discount_minor: int = 0


def search_coupons(session: Session, *, words: str, state: str, now: datetime, page: int) -> Page[Coupon]:
    """Coupons whose code begins like this, in one state or in all, latest first. A page too far is the last one."""
    ids = select(Coupon.id).where(*_conditions(words, state, now))
    return read_page(
        session, ids.order_by(Coupon.made_at.desc(), Coupon.id.desc()), select(Coupon), key=Coupon.id, page=page
    )


def state_of(coupon: Coupon, now: datetime) -> str:
    """One of `STATES`."""
    if coupon.stopped_at is not None or (coupon.ends_at is not None and now >= coupon.ends_at) or coupon.uses_left == 0:
        return "ended"
    return "planned" if now < coupon.starts_at else "running"


def uses_of(session: Session, coupon_ids: Sequence[int]) -> dict[int, Used]:
    """What each of these coupons brought; one that was never used isn't in it."""
    query = (
        select(
            CouponUse.coupon_id, func.count(), func.sum(Order.total_minor), func.sum(CouponUse.discount_minor)
        )
        .join(Order, Order.id == CouponUse.order_id)
        .where(CouponUse.coupon_id.in_(coupon_ids), Order.status != OrderStatus.CANCELLED)
        .group_by(CouponUse.coupon_id)
    )  # fmt: skip
    return {row[0]: Used(row[1], int(row[2]), int(row[3])) for row in session.execute(query)}


def product_counts(session: Session, coupon_ids: Sequence[int]) -> dict[int, int]:
    """To how many products each of these coupons is limited; one for everything isn't in it."""
    query = select(CouponProduct.coupon_id, func.count()).where(CouponProduct.coupon_id.in_(coupon_ids))
    return {row[0]: row[1] for row in session.execute(query.group_by(CouponProduct.coupon_id))}


def make_coupon(session: Session, answers: CouponAnswers, *, time_zone: str, now: datetime) -> int:
    """Write a new coupon; returns its id.

    Raises:
        CodeTaken, NoSuchProducts: nothing may be committed then.
    """
    query = select(Product.sku, Product.id).where(Product.sku.in_(answers.skus))
    products = {row.sku: row.id for row in session.execute(query)}
    if missing := [sku for sku in answers.skus if sku not in products]:
        raise NoSuchProducts(missing)
    values = {
        "code": answers.code, "label": answers.label, "percent": answers.percent,
        "amount_minor": answers.amount_minor, "minimum_minor": answers.minimum_minor, "uses_left": answers.uses,
        "starts_at": _midnight(answers.first_day, time_zone), "made_at": now,
        "ends_at": None if answers.last_day is None else _midnight(answers.last_day + timedelta(days=1), time_zone),
    }  # fmt: skip
    coupon_id = insert_or_ignore(session, Coupon, values)
    if coupon_id is None:
        raise CodeTaken(answers.code)
    session.add_all(CouponProduct(coupon_id=coupon_id, product_id=product_id) for product_id in products.values())
    session.flush()
    return coupon_id


def stop_coupon(session: Session, coupon_id: int, *, now: datetime) -> bool:
    """End a coupon for good; False where it was stopped before. Orders that used it keep their discount."""
    running = (Coupon.id == coupon_id) & Coupon.stopped_at.is_(None)
    return rows_changed(session, update(Coupon).where(running).values(stopped_at=now)) == 1


def _midnight(day: date, time_zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(time_zone))


def _conditions(words: str, state: str, now: datetime) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if words := "".join(letter for letter in words if letter.isprintable()).strip().upper():
        found.append(Coupon.code.startswith(words, autoescape=True))
    over = or_(
        Coupon.stopped_at.is_not(None),
        Coupon.ends_at.is_not(None) & (Coupon.ends_at <= now),
        Coupon.uses_left.is_not(None) & (Coupon.uses_left == 0),
    )
    states: dict[str, list[ColumnElement[bool]]] = {
        "running": [~over, Coupon.starts_at <= now],
        "planned": [~over, Coupon.starts_at > now],
        "ended": [over],
    }
    return found + states.get(state, [])
