"""Units: single pieces with a serial number, whose they are, and until when their warranty runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, bindparam, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from ecrm.serial_numbers import LONGEST, BadSerial, fold_serial
from tracking.delivery.returns import Return, ReturnLine, ReturnState
from tracking.delivery.shipment import Shipment, Status
from tracking.orders import SeenOrder, SeenRefund, SeenRefundLine
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
    """Whether pieces of this product came back from the unit's order: with a return, as its parcel, or for money."""
    order = unit.order_reference
    if not order:
        return False
    returned = (
        select(Return.id)
        .join(ReturnLine, ReturnLine.return_id == Return.id)
        .where(
            Return.order_reference == order, ReturnLine.product == unit.product,
            Return.state.in_((ReturnState.RECEIVED, ReturnState.REFUNDED)),
        )
    )  # fmt: skip
    refused = select(Shipment.id).where(Shipment.order_reference == order, Shipment.status == Status.RETURN_TO_SENDER)
    of_which = SeenRefundLine.refund_id.is_(None) | (SeenRefundLine.product == unit.product)
    paid_back = (  # not every shop says which goods a refund is for
        select(SeenRefund.id)
        .join(SeenOrder, SeenOrder.id == SeenRefund.order_id)
        .outerjoin(SeenRefundLine, SeenRefundLine.refund_id == SeenRefund.id)
        .where(SeenOrder.reference == order, of_which)
    )
    return any(session.scalar(query.limit(1)) is not None for query in (returned, refused, paid_back))


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
