"""Units: single pieces with a serial number, whose they are, and until when their warranty runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, String, bindparam, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from ecrm.events import OrderShipped
from ecrm.serial_numbers import LONGEST, BadSerial, fold_serial
from tracking.clickstream.event import Event
from tracking.delivery.returns import Return, ReturnLine, ReturnState
from tracking.delivery.shipment import Shipment, ShipmentLine, Status
from tracking.orders import SeenOrder, SeenOrderLine, SeenRefund, SeenRefundLine
from tracking.record import BigId, Record, insert_once

MOST = 20


class Unit(Record):
    """A sold piece. `serial_folded`: the number as it is looked up; unique for a product, as makers number by product.

    `warranty_until`: the last day; empty where nobody said how long it runs. `customer_id` is empty once its buyer was
    erased: the piece stays known by its number.
    """

    __tablename__ = "ecrm_unit"
    __table_args__ = (
        Index(None, "serial_folded", "product", unique=True),
        Index(None, "customer_id", "sold_at"),
        Index(None, "order_reference"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    serial_number: Mapped[str] = mapped_column(String(LONGEST))
    serial_folded: Mapped[str] = mapped_column(String(LONGEST))
    product: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200), default="")
    order_reference: Mapped[str] = mapped_column(String(64), default="")
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_customer.id"))
    sold_at: Mapped[datetime]
    warranty_until: Mapped[date | None]
    source: Mapped[str] = mapped_column(String(20), default="")


@dataclass(frozen=True)
class Sold:
    """A piece as it is told, entered or imported."""

    serial_number: str
    product: str
    name: str
    order_reference: str
    customer_id: int | None
    sold_at: datetime
    warranty_until: date | None
    source: str


_OF = (
    select(Unit)
    .where(Unit.customer_id == bindparam("customer"))
    .order_by(Unit.sold_at.desc(), Unit.id.desc())
    .limit(MOST)
)


def keep(session: Session, sold: Sold) -> int | None:
    """Keep a piece; returns its id, or None where this number of this product is known.

    Raises:
        BadSerial: for what can't be one.
    """
    return insert_once(
        session,
        Unit,
        {
            "serial_number": sold.serial_number.strip()[:LONGEST], "serial_folded": fold_serial(sold.serial_number),
            "product": sold.product[:64], "name": sold.name[:200], "order_reference": sold.order_reference[:64],
            "customer_id": sold.customer_id, "sold_at": sold.sold_at, "warranty_until": sold.warranty_until,
            "source": sold.source[:20],
        },
    )  # fmt: skip


def keep_latest(session: Session, sold: Sold) -> int | None:
    """Keep a piece as it was last sold: one that came back and went to somebody else is theirs, with their warranty.

    Told again, or late, it changes nothing. Returns its id; None where it is somebody's of whom nothing says that they
    gave it back: then a packer scanned another number than the piece has, and it stays theirs.

    Raises:
        BadSerial: for what can't be one.
    """
    made = keep(session, sold)
    if made is not None:
        return made
    query = select(Unit).where(Unit.serial_folded == fold_serial(sold.serial_number), Unit.product == sold.product[:64])
    known = session.scalars(query.with_for_update()).one()
    if sold.sold_at > known.sold_at:
        if known.customer_id not in {None, sold.customer_id} and not _came_back(session, known):
            return None
        known.order_reference, known.customer_id = sold.order_reference[:64], sold.customer_id
        known.sold_at, known.warranty_until = sold.sold_at, sold.warranty_until
        known.name, known.source = sold.name[:200] or known.name, sold.source[:20]
        session.flush()
    return known.id


def _came_back(session: Session, unit: Unit) -> bool:
    """Whether a piece of this product came back from the unit's order that isn't another order's already."""
    order, product = unit.order_reference, unit.product
    return bool(order) and _pieces_back(session, order, product) > _moved_on(session, order, product)


def _moved_on(session: Session, order: str, product: str) -> int:
    """How many of the pieces that were packed for this order are another's now."""
    told = select(Event.properties).where(Event.order_reference == order, Event.name == OrderShipped.name)
    packed = {
        fold_serial(number)
        for properties in session.scalars(told)
        for line in properties.get("lines", ())
        if line.get("product_id") == product
        for number in line.get("serial_numbers", ())
    }
    elsewhere = Unit.serial_folded.in_(packed), Unit.product == product, Unit.order_reference != order
    return session.scalars(select(func.count()).select_from(Unit).where(*elsewhere)).one()


def _pieces_back(session: Session, order: str, product: str) -> int:
    """With returns or as refused parcels; where money tells of more, as many as it went back for."""
    returned = (
        select(func.coalesce(func.sum(func.coalesce(ReturnLine.received, ReturnLine.quantity)), 0))
        .join(Return, Return.id == ReturnLine.return_id)
        .where(
            Return.order_reference == order, ReturnLine.product == product,
            Return.state.in_((ReturnState.RECEIVED, ReturnState.REFUNDED)),
        )
    )  # fmt: skip
    came = int(session.scalars(returned).one())
    came += _in_parcels(session, order, product, Shipment.status == Status.RETURN_TO_SENDER)
    dropped = (Shipment.status == Status.CANCELLED) & Shipment.shipped_at.is_(None)
    never_left = _in_parcels(session, order, product, dropped)
    return max(came, _paid_back(session, order, product) - never_left)


def _paid_back(session: Session, order: str, product: str) -> int:
    """Pieces that refunds name. Where none says which goods came back: all, once all their money went back."""
    paid = (
        select(
            func.coalesce(func.sum(SeenRefundLine.quantity), 0),
            func.coalesce(func.sum(SeenRefundLine.amount_minor), 0),
        )
        .join(SeenRefund, SeenRefund.id == SeenRefundLine.refund_id)
        .join(SeenOrder, SeenOrder.id == SeenRefund.order_id)
        .where(SeenOrder.reference == order, SeenRefundLine.product == product)
    )
    bought = (
        select(
            func.coalesce(func.sum(SeenOrderLine.quantity), 0),
            func.coalesce(func.sum(SeenOrderLine.net_minor), 0),
        )
        .join(SeenOrder, SeenOrder.id == SeenOrderLine.order_id)
        .where(SeenOrder.reference == order, SeenOrderLine.product == product)
    )
    pieces, money = session.execute(paid).one()
    all_pieces, price = session.execute(bought).one()
    return int(all_pieces) if not pieces and 0 < price <= money else int(pieces)


def _in_parcels(session: Session, order: str, product: str, which: ColumnElement[bool]) -> int:
    query = (
        select(func.coalesce(func.sum(ShipmentLine.quantity), 0))
        .join(Shipment, Shipment.id == ShipmentLine.shipment_id)
        .where(Shipment.order_reference == order, ShipmentLine.product == product, which)
    )
    return int(session.scalars(query).one())


def by_serial(session: Session, number: str) -> Sequence[Unit]:
    """The pieces with this number, however it is written; several makers may use one. None for what can't be one."""
    try:
        folded = fold_serial(number)
    except BadSerial:
        return ()
    query = select(Unit).where(Unit.serial_folded == folded).order_by(Unit.sold_at.desc()).limit(MOST)
    return session.scalars(query).all()


def of_customer(session: Session, customer_id: int) -> Sequence[Unit]:
    """The newest first, at most `MOST`."""
    return session.scalars(_OF, {"customer": customer_id}).all()


def of_order(session: Session, order_reference: str) -> Sequence[Unit]:
    """All pieces of an order."""
    query = select(Unit).where(Unit.order_reference == order_reference).order_by(Unit.product, Unit.id)
    return session.scalars(query).all()


def in_warranty(unit: Unit, today: date) -> bool | None:
    """None where nobody knows until when it runs."""
    return None if unit.warranty_until is None else today <= unit.warranty_until


def forget(session: Session, customer_id: int) -> int:
    """For an erasure: the piece stays, whose it is goes; with it the order, which leads to the person in the shop."""
    gone: Any = session.execute(
        update(Unit).where(Unit.customer_id == customer_id).values(customer_id=None, order_reference="")
    )
    return int(gone.rowcount)


def remove(session: Session, unit_id: int) -> None:
    """A number that was entered by mistake."""
    session.execute(delete(Unit).where(Unit.id == unit_id))
