"""What the shop knows of a case's matter now: person, order, parcels, money back, what was done since the last answer.

Drafts and macros are made of nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from ecrm.letters import absolute
from ecrm.storefront import ShopFacts, Storefront
from mailer.placeholders import spoken
from tracking.customers import Customer
from tracking.delivery.contents import Goods, contents_of
from tracking.delivery.returns import Return
from tracking.delivery.shipment import AS_SENT, Scan, Shipment, Status
from tracking.orders import SeenOrder, SeenOrderLine, SeenRefund

from .cases import Case, CaseStep, Kind, steps_of
from .mailed_orders import is_theirs, latest_order
from .units import Unit, of_order

LATELY = timedelta(days=60)
"""An order older than this isn't guessed to be what a case is about that names none."""
ABOUT_ORDERS = (Kind.DELIVERY, Kind.RETURN, Kind.WARRANTY, Kind.COMPLAINT, Kind.QUESTION)


@dataclass(frozen=True)
class Parcel:
    """A shipment, where it was seen last, and what is in it, in words. `url`: of its page that tells nobody whose it
    is; empty before it has left."""

    shipment: Shipment
    seen: Scan | None
    goods: str = ""
    url: str = ""


@dataclass(frozen=True)
class MatterFacts:
    """`guessed`: the case names no order, and this is the customer's latest one. `done`: the steps since the last
    answer, or since the beginning. `today`: the shop's day."""

    case: Case
    shop: ShopFacts
    today: date
    first_name: str
    last_name: str
    named: bool
    order: SeenOrder | None
    guessed: bool
    order_url: str
    lines: Sequence[SeenOrderLine]
    parcels: Sequence[Parcel]
    refunds: Sequence[SeenRefund]
    returns: Sequence[Return]
    units: Sequence[Unit]
    done: Sequence[CaseStep]
    answered: bool


def facts_of(session: Session, storefront: Storefront, case: Case, *, now: datetime) -> MatterFacts:
    """Gather them; a handful of queries. Asks the storefront for links, so in or as of a request."""
    shop = storefront.facts()
    customer = session.get(Customer, case.customer_id) if case.customer_id is not None else None
    order, guessed = _order(session, case, now=now)
    first = spoken(customer.first_name) if customer else ""
    steps = steps_of(session, case.id)
    answers = [
        number for number, step in enumerate(steps) if step.what == "message_out" and not step.detail.get("automatic")
    ]
    last = max(answers, default=-1)  # that it arrived is no answer
    return MatterFacts(
        case=case, shop=shop, today=now.astimezone(ZoneInfo(shop.time_zone)).date(),
        first_name=first or spoken(case.from_name.split(" ")[0]),
        last_name=spoken(customer.last_name) if customer else "",
        named=bool(first), order=order, guessed=guessed,
        order_url=absolute(shop, storefront.order_url(order.reference, signed=True)) if order else "",
        lines=_lines(session, order), parcels=_parcels(session, shop, order), refunds=_refunds(session, order),
        returns=_returns(session, order), units=_units(session, case, order),
        done=steps[last + 1 :], answered=last >= 0,
    )  # fmt: skip


def _order(session: Session, case: Case, *, now: datetime) -> tuple[SeenOrder | None, bool]:
    if case.order_reference:
        found = session.scalar(select(SeenOrder).where(SeenOrder.reference == case.order_reference))
        # an order that is somebody else's is nothing to tell this customer about
        theirs = found is not None and is_theirs(
            session, found, customer_id=case.customer_id, address=case.from_address
        )
        return (found if theirs else None), False
    if case.kind not in ABOUT_ORDERS:
        return None, False
    found = latest_order(session, customer_id=case.customer_id, address=case.from_address, since=now - LATELY)
    return found, found is not None


def _lines(session: Session, order: SeenOrder | None) -> Sequence[SeenOrderLine]:
    if order is None:
        return ()
    query = select(SeenOrderLine).where(SeenOrderLine.order_id == order.id)
    return session.scalars(query.order_by(SeenOrderLine.position)).all()


def _parcels(session: Session, shop: ShopFacts, order: SeenOrder | None) -> Sequence[Parcel]:
    if order is None:
        return ()
    query = select(Shipment).where(Shipment.order_reference == order.reference, Shipment.status != Status.CANCELLED)
    shipments = session.scalars(query.order_by(*AS_SENT)).all()
    scans = select(Scan).where(Scan.shipment_id.in_([one.id for one in shipments])).order_by(Scan.scanned_at, Scan.id)
    last = {scan.shipment_id: scan for scan in session.scalars(scans)}
    contents = contents_of(session, [one.id for one in shipments])
    return [
        Parcel(one, last.get(one.id), _named(contents.get(one.id, ())), _status_url(shop, one)) for one in shipments
    ]


def _status_url(shop: ShopFacts, one: Shipment) -> str:
    """Answers go to copies, too: the order's own link would open it to all of them, name, address and telephone."""
    return absolute(shop, url_for("ecrm.delivery_status", token=one.token)) if one.shipped_at is not None else ""


def _named(goods: Sequence[Goods]) -> str:
    return ", ".join(f"{one.quantity} × {one.name}" if one.quantity > 1 else one.name for one in goods)


def _refunds(session: Session, order: SeenOrder | None) -> Sequence[SeenRefund]:
    if order is None:
        return ()
    query = select(SeenRefund).where(SeenRefund.order_id == order.id).order_by(SeenRefund.refunded_at)
    return session.scalars(query).all()


def _returns(session: Session, order: SeenOrder | None) -> Sequence[Return]:
    if order is None:
        return ()
    query = select(Return).where(Return.order_reference == order.reference, Return.customer_id == order.customer_id)
    return session.scalars(query.order_by(Return.asked_at, Return.id)).all()


def _units(session: Session, case: Case, order: SeenOrder | None) -> Sequence[Unit]:
    """The order's pieces with a serial number; of the case's product only, where it names one."""
    if order is None:
        return ()
    return [one for one in of_order(session, order.reference) if case.product in {"", one.product}]
