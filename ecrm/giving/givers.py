"""Givers: what is known of a customer that says what they could give: who is at home, what they bought and gave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import select
from sqlalchemy.orm import Session

from ecrm.events import OrderCompleted
from mailer.calendar import Place
from mailer.giving_days import coming_days
from mailer.outbox import Email
from recommender.gifts import Giver, Present
from tracking.clickstream.event import Event
from tracking.customers import Customer
from tracking.orders import SeenOrder, SeenOrderLine

BEFORE = timedelta(days=21)
"""What is for giving and was bought so shortly before a holiday was a present, most likely."""
SHOWN_FOR = timedelta(days=500)
"""So long an idea isn't repeated: longer than from one holiday to the next year's."""
FLOW = "flow:holidays"


def giver_of(
    session: Session, customer: Customer, *, goods: Mapping[str, Present], holiday: str, place: Place, now: datetime
) -> Giver:
    """What is known of this customer as of `now`.

    Args:
        goods: everything that is for giving, by product.
    """
    rows = session.execute(
        select(
            SeenOrder.reference,
            SeenOrder.placed_at,
            SeenOrderLine.product,
            SeenOrderLine.quantity,
            SeenOrderLine.net_minor,
        )
        .join(SeenOrderLine, SeenOrderLine.order_id == SeenOrder.id)
        .where(SeenOrder.customer_id == customer.id, SeenOrder.placed_at <= now)
        .order_by(SeenOrder.placed_at.desc(), SeenOrder.id, SeenOrderLine.position)
    ).all()
    elsewhere = _to_others(session, customer, now=now)
    given: dict[str, Present] = {}
    for reference, placed_at, product, _quantity, _net in rows:
        if (present := goods.get(product)) and (reference in elsewhere or _before_a_holiday(placed_at, place)):
            given.setdefault(product, present)
    known = [present for _r, _at, product, _q, _n in rows if (present := goods.get(product)) is not None]
    traits = customer.traits
    return Giver(
        key=str(customer.id),
        household=str(traits.get("household", "")),
        children=_count(traits.get("children")),
        interests=[part.strip() for part in str(traits.get("interests", "")).split(",") if len(part.strip()) > 2],
        usual_minor=int(median([net // max(quantity, 1) for *_rest, quantity, net in rows])) if rows else 0,
        bought=frozenset(product for _r, _at, product, _q, _n in rows),
        brands=Counter(present.brand for present in known),
        categories=Counter(present.category for present in known),
        given=list(given.values()),
        shown=_shown(session, customer.id, holiday=holiday, now=now),
    )


def _to_others(session: Session, customer: Customer, *, now: datetime) -> set[str]:
    """Orders that went to somebody else: another name stands on the parcel."""
    own = _folded(f"{customer.first_name} {customer.last_name}")
    if not own:
        return set()
    query = select(Event.order_reference, Event.properties).where(
        Event.customer_id == customer.id, Event.name == OrderCompleted.name, Event.happened_at <= now
    )
    found = set()
    for reference, properties in session.execute(query):
        address = properties.get("address") or {}
        if reference and (name := _folded(str(address.get("name", "")))) and name != own:
            found.add(reference)
    return found


def _before_a_holiday(placed_at: datetime, place: Place) -> bool:
    day = placed_at.date()
    return bool(coming_days(place, since=day, until=day + BEFORE))


def _shown(session: Session, customer_id: int, *, holiday: str, now: datetime) -> frozenset[str]:
    """Ideas for this holiday in earlier e-mails."""
    query = select(Email.content).where(
        Email.customer_id == customer_id, Email.source == FLOW, Email.queued_at > now - SHOWN_FOR, Email.queued_at < now
    )
    contents: Sequence[Mapping[str, object]] = session.scalars(query).all()
    return frozenset(
        str(one) for content in contents for one in _listed(content.get("products")) if content.get("code") == holiday
    )


def _listed(value: object) -> Sequence[object]:
    return list(value) if isinstance(value, list | dict) else []


def _count(value: object) -> int | None:
    text = str(value).strip()
    return int(text) if text.isdigit() and len(text) < 3 else None


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())
