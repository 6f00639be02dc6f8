"""Catching up: what an upgrade owes to the rows that were there before its tables, worked out once.

The migration notes what is owed (`owed: …`), where there are rows. Each part is done in small transactions and may be
interrupted: it goes on where it was, and its note goes last. The shop may be open meanwhile.

What was never kept stays unknown: device and country of old visits, how long old pages took, and which search led to an
old order.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from tracking import refunds
from tracking.clickstream.dimensions import MAX_PATH, Page, ProductKey, Term, ids_of
from tracking.clickstream.event import Event
from tracking.clickstream.log import Log
from tracking.clickstream.older_visits import describe_visits
from tracking.clickstream.recompute import at_one_moment, put_right, recompute
from tracking.clickstream.rollups import DayFigures, day_of
from tracking.clickstream.searches import folded
from tracking.cohorts import recount
from tracking.customers import Customer
from tracking.delivery.carriers import tidied
from tracking.delivery.shipment import Shipment
from tracking.notes import Note, note_of
from tracking.orders import SeenOrder, SeenOrderLine, SeenRefund, SeenRefundLine
from tracking.person_name import fold_name
from tracking.phone_number import fold_phone

from . import ledger
from .events import OrderRefunded
from .installation import Installation
from .marketing.attribution.missing import book_missing
from .sales import returned

_STRETCH = timedelta(days=6)
_MAX_KEY = 64
_LISTS = frozenset({"Product List Viewed", "Products Searched", "Recommendations Shown"})
_PAGES = frozenset({"Page Viewed", "Page Engaged"})
_PRODUCTS = frozenset({"Product Viewed", "Product Added", "Product Removed"})


def catch_up(crm: Installation, *, say: Callable[[str], object]) -> None:
    """Do what is owed, part by part; nothing (and says nothing) where nothing is."""
    for part, words, deed in _PARTS:
        with crm.sessions() as session:
            owed = note_of(session, _name(part)) is not None
        if owed:
            say(f"{words} …")
            with crm.app.app_context():
                deed(crm)
            with crm.sessions.begin() as session:
                session.execute(delete(Note).where(Note.name == _name(part)))


def _visits(crm: Installation) -> None:
    zone = crm.storefront.facts().time_zone
    with crm.sessions.begin() as session:  # only an order whose browser agreed to be joined names a browser
        session.execute(update(SeenOrder).where(SeenOrder.visitor_id.is_not(None)).values(joined=True))
    done = 1
    while done:
        with crm.sessions.begin() as session:
            done = describe_visits(session, time_zone=zone)


def _refunds(crm: Installation) -> None:
    """By product, as they were told: what the reaction to a refund keeps today."""
    with crm.sessions() as session:
        unknown = ~select(SeenRefundLine.refund_id).where(SeenRefundLine.refund_id == SeenRefund.id).exists()
        ids = session.scalars(select(SeenRefund.id).where(unknown).order_by(SeenRefund.id)).all()
    for start in range(0, len(ids), 500):
        with crm.sessions.begin() as session:
            for refund in session.scalars(
                select(SeenRefund).where(SeenRefund.id.in_(ids[start : start + 500])).order_by(SeenRefund.id)
            ).all():
                _keep_lines(session, refund)


def _keep_lines(session: Session, refund: SeenRefund) -> None:
    row = session.scalar(select(Event).where(Event.message_id == f"order-refunded:{refund.reference}"))
    told = ledger.from_row(row) if row is not None and row.properties else None
    if not isinstance(told, OrderRefunded):
        told = None
    lines = refunds.shares_of(
        session,
        session.get(SeenOrder, refund.order_id) if refund.order_id is not None else None,
        refund_id=refund.id,
        amount_minor=refund.amount_minor,
        lines=returned(told.lines) if told else (),
        shipping_minor=told.shipping_minor if told else None,
    )
    refunds.keep_lines(session, refund.id, lines)


def _figures(crm: Installation) -> None:
    """Count the days anew from the raw log, some days a transaction. The day's own figures were kept all along."""
    zone = crm.storefront.facts().time_zone
    today = datetime.now(ZoneInfo(zone)).date()
    with crm.sessions() as session:
        first = _first_day(session, zone)
    while first is not None and first <= today:
        last = min(first + _STRETCH, today)
        with crm.sessions.begin() as session:
            _number(session, Log(session, crm.archive), first, last, zone)
        with at_one_moment(crm.sessions) as session:
            found = recompute(session, Log(session, crm.archive), first, last, zone=zone)
        with crm.sessions.begin() as session:
            put_right(session, [one for one in found if one.record is not DayFigures or one.figure == "visitors"])
            session.execute(update(Note).where(Note.name == _name("figures")).values(text=last.isoformat()))
        first = last + timedelta(days=1)


def _first_day(session: Session, zone: str) -> date | None:
    """The day after the last one done, or the earliest of which anything is known."""
    if done := note_of(session, _name("figures")):
        return date.fromisoformat(done) + timedelta(days=1)
    moments = (Event.happened_at, SeenOrder.placed_at, SeenRefund.refunded_at)
    known = [at for at in (session.scalar(select(func.min(moment))) for moment in moments) if at is not None]
    return day_of(min(known), zone) if known else None


def _number(session: Session, log: Log, first: date, last: date, zone: str) -> None:
    """Give the pages, products and terms of these days their numbers; without, they can't be counted."""
    pages: set[str] = set()
    products: set[str] = set()
    terms: set[str] = set()
    for row in log.frame(first, last, zone).select(["name", "subject", "properties"]).to_pylist():
        name, subject = row["name"], row["subject"]
        if name in _PAGES:
            pages.add(subject[:MAX_PATH])
        elif name in _PRODUCTS:
            products.add(subject[:_MAX_KEY])
        elif name == "Products Searched":
            terms.add(folded(subject))
        if name in _LISTS:
            products.update(_shown(row["properties"]))
    start, end = (datetime.combine(day, datetime.min.time(), ZoneInfo(zone)) for day in (first, last))
    end += timedelta(days=1)
    bought = select(SeenOrderLine.product).join(SeenOrder, SeenOrder.id == SeenOrderLine.order_id)
    products.update(session.scalars(bought.where(SeenOrder.placed_at >= start, SeenOrder.placed_at < end)))
    back = select(SeenRefundLine.product).join(SeenRefund, SeenRefund.id == SeenRefundLine.refund_id)
    products.update(session.scalars(back.where(SeenRefund.refunded_at >= start, SeenRefund.refunded_at < end)))
    for record, keys in ((Page, pages), (ProductKey, products), (Term, terms)):
        ids_of(session, record, keys - {""})


def _shown(properties: str) -> list[str]:
    listed: Any = orjson.loads(properties or "{}").get("product_ids")
    return [one[:_MAX_KEY] for one in listed[:500] if isinstance(one, str)] if isinstance(listed, list) else []


def _cohorts(crm: Installation) -> None:
    with crm.sessions.begin() as session:
        recount(session, time_zone=crm.storefront.facts().time_zone)


def _name(part: str) -> str:
    return f"owed: {part}"


def _phones(crm: Installation) -> None:
    """The form in which telephone numbers are looked up."""
    last = 0
    while True:
        with crm.sessions.begin() as session:
            query = select(Customer.id, Customer.phone, Customer.country).where(
                Customer.id > last, Customer.phone != ""
            )
            rows = session.execute(query.order_by(Customer.id).limit(2000)).all()
            told = [{"id": row.id, "phone_folded": fold_phone(row.phone, row.country)} for row in rows]
            if not told:
                return
            session.execute(update(Customer), told)
            last = rows[-1].id


def _names(crm: Installation) -> None:
    """The form in which names are looked up."""
    last = 0
    while True:
        with crm.sessions.begin() as session:
            query = select(Customer.id, Customer.last_name, Customer.first_name).where(
                Customer.id > last, or_(Customer.last_name != "", Customer.first_name != "")
            )
            rows = session.execute(query.order_by(Customer.id).limit(2000)).all()
            if not rows:
                return
            session.execute(
                update(Customer),
                [{"id": row.id, "name_folded": fold_name(row.last_name, row.first_name)} for row in rows],
            )
            last = rows[-1].id


def _numbers(crm: Installation) -> None:
    """Tracking numbers as they are scanned: carriers' messages write them so."""
    last = 0
    while True:
        with crm.sessions.begin() as session:
            query = select(Shipment.id, Shipment.tracking_number).where(
                Shipment.id > last, Shipment.tracking_number != ""
            )
            rows = session.execute(query.order_by(Shipment.id).limit(2000)).all()
            if not rows:
                return
            for row in rows:
                if (number := tidied(row.tracking_number)) != row.tracking_number:
                    # a number that staff corrected meanwhile stays
                    as_it_was = (Shipment.id == row.id) & (Shipment.tracking_number == row.tracking_number)
                    session.execute(update(Shipment).where(as_it_was).values(tracking_number=number))
            last = rows[-1].id


_PARTS: tuple[tuple[str, str, Callable[[Installation], object]], ...] = (
    ("visits", "Past visits: where they came from, and on which day they count", _visits),
    ("refunds", "Past refunds: for which goods", _refunds),
    ("figures", "Past days: pages, products, searches and audiences", _figures),
    ("cohorts", "First orders and cohorts", _cohorts),
    ("credits", "Past orders: credited to what brought them", book_missing),
    ("phones", "Customers' telephone numbers", _phones),
    ("names", "Customers' names", _names),
    ("numbers", "Parcels' tracking numbers", _numbers),
)
