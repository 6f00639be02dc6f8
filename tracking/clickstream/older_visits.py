"""Older visits: those from before audiences were kept get day, source and figures of what is known of them.

Their steps say where they came from, which page they began with and who was signed in. Device and country were never
kept; they stay empty. Where even the steps are gone, the source is one of its own and not "direct": nobody knows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm import aliased

from tracking.orders import SeenOrder

from .dimensions import MAX_PATH, Audience, Page, Source, ids_of
from .event import Event
from .rollups import day_of
from .sessions import SEVERAL, Session
from .sources import DIRECT, Origin, origin_of
from .touchpoints import Touchpoint
from .visits import MAX_ENGAGED
from .visits import Visit as Counted

NOT_RECORDED = Origin("other", "not recorded", "", "", "", "", "")
BATCH = 1000


class _Known(NamedTuple):
    """What the steps of a visit say."""

    origin: Origin
    entry: str
    customer_id: int | None
    checkouts: int
    seconds: int


def describe_visits(session: OrmSession, *, time_zone: str) -> int:
    """Describe the next of the visits without a day; how many, 0 when all are. To be committed by the caller."""
    visits = session.scalars(
        select(Session).where(Session.day.is_(None)).order_by(Session.id).limit(BATCH).with_for_update()
    ).all()
    if not visits:
        return 0
    ids = [visit.id for visit in visits]
    steps = _steps(session, visits)
    known = {visit.id: _known(visit, steps[visit.id]) for visit in visits}
    returning = _returning(session, ids)
    money = _money(session, ids)
    sources = ids_of(session, Source, {tuple(one.origin) for one in known.values()})
    keys = {one.id: (sources[tuple(known[one.id].origin)], "", "", one.id in returning) for one in visits}
    audiences = ids_of(session, Audience, set(keys.values()))
    pages = ids_of(session, Page, {one.entry for one in known.values() if one.entry})
    rows = []
    for visit in visits:
        one = known[visit.id]
        revenue, refunds = money.get(visit.id, (0, 0))
        counted = Counted(
            visit.id, visit.visitor_id, visit.started_at, visit.last_at, page_views=visit.page_views,
            product_views=visit.product_views, cart_adds=visit.cart_adds, checkouts=one.checkouts, orders=visit.orders,
        )  # fmt: skip
        rows.append({
            "id": visit.id, "day": day_of(visit.started_at, time_zone), "audience_id": audiences[keys[visit.id]],
            "entry_page_id": pages.get(one.entry), "customer_id": one.customer_id, "checkouts": one.checkouts,
            "seconds": one.seconds, "stage": counted.stage, "bounced": counted.bounced, "revenue_minor": revenue,
            "refunds_minor": refunds,
        })  # fmt: skip
    session.execute(update(Session), rows)
    touches = [
        {"kind": "visit", "at": visit.started_at, "source_id": sources[tuple(known[visit.id].origin)],
         "visitor_id": visit.visitor_id, "session_id": visit.id, "simulated": visit.simulated}
        for visit in visits
        if known[visit.id].origin.channel != DIRECT.channel
    ]  # fmt: skip
    if touches:
        session.execute(insert(Touchpoint), touches)
    return len(visits)


def _steps(session: OrmSession, visits: Sequence[Session]) -> Mapping[int, list[Any]]:
    query = select(Event.session_id, Event.name, Event.subject, Event.properties, Event.customer_id)
    query = query.where(
        Event.visitor_id.in_({visit.visitor_id for visit in visits}),  # has an index in the log
        Event.session_id.in_([visit.id for visit in visits]),
    )
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for row in session.execute(query.order_by(Event.happened_at, Event.id)):
        found[row.session_id].append(row)
    return found


def _known(visit: Session, steps: Sequence[Any]) -> _Known:
    arrival = next((step for step in steps if step.name == "Page Viewed"), steps[0] if steps else None)
    if arrival is not None:
        origin = origin_of(arrival.properties, str(arrival.properties.get("referrer") or visit.referrer))
    else:
        origin = origin_of({}, visit.referrer) if visit.referrer else NOT_RECORDED
    is_page = arrival is not None and arrival.name == "Page Viewed"
    entry = (arrival.subject if arrival is not None and is_page else visit.entry_path)[:MAX_PATH]
    signed_in = {step.customer_id for step in steps if step.customer_id is not None}
    customer_id = None if not signed_in else signed_in.pop() if len(signed_in) == 1 else SEVERAL
    checkouts = sum(step.name == "Checkout Started" for step in steps)
    seconds = sum(_engaged(step.properties) for step in steps if step.name == "Page Engaged")
    return _Known(origin, entry, customer_id, checkouts, seconds)


def _engaged(properties: Mapping[str, Any]) -> int:
    seconds = properties.get("seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= 1e9:
        return 0
    return min(int(seconds), MAX_ENGAGED)


def _returning(session: OrmSession, ids: Sequence[int]) -> set[int]:
    earlier = aliased(Session)
    before = select(earlier.id).where(earlier.visitor_id == Session.visitor_id, earlier.started_at < Session.started_at)
    return set(session.scalars(select(Session.id).where(Session.id.in_(ids), before.exists())))


def _money(session: OrmSession, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Revenue and refunds of the visits whose orders name them; what the others earned was never joined to them."""
    sums = (func.sum(SeenOrder.total_minor), func.sum(SeenOrder.refunded_minor))
    query = select(SeenOrder.session_id, *sums).where(SeenOrder.session_id.in_(ids)).group_by(SeenOrder.session_id)
    return {visit_id or 0: (int(total), int(refunded)) for visit_id, total, refunded in session.execute(query)}
