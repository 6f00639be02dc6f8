"""Chain: the touches that came before an order, within the windows, and why others don't count.

- A visit that is the customer's (`tracking.identity`), or in which the order was placed, counts where the browser
  agreed to be joined to its customer (`SeenOrder.joined`): each source it came with is a touch, a visit without one a
  direct touch at its start.
- A code that the order names is a touch at the order's moment, always: the customer said it themselves.
- Opens of e-mails are no touches. What came after the order isn't one either.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking.clickstream.dimensions import Source
from tracking.clickstream.event import Event
from tracking.clickstream.sessions import Session as Visit
from tracking.clickstream.touchpoints import Touchpoint

from .models import Contact
from .redeemed import Redeemed
from .rules import Rules
from .visits import SeenVisit, in_chunks, visits_of_many


class Why(StrEnum):
    """Why nothing is credited: only direct visits, no visit on file, or a browser that didn't agree to be joined.

    `no visit known` is also what an order is that came as history, or whose browser refused everything: then not even
    a visit was recorded. `not joined` is one whose browser agreed to statistics alone.
    """

    DIRECT = "direct"
    UNKNOWN = "no visit known"
    NOT_JOINED = "not joined"

    @property
    def key(self) -> int:
        """Its place among the sources in `CreditDay.source_id`."""
        return {Why.DIRECT: 0, Why.UNKNOWN: -1, Why.NOT_JOINED: -2}[self]


class LeftOut(StrEnum):
    """Why a touch doesn't count for an order."""

    TOO_OLD = "too old"
    EMAIL_TOO_OLD = "e-mail too old"
    AFTER = "after the order"


class Touch(NamedTuple):
    """A moment at which a source, or nothing (`source_id` None: a direct visit), brought the customer."""

    at: datetime
    channel: str
    source_id: int | None = None
    touchpoint_id: int | None = None
    session_id: int | None = None
    simulated: bool = False

    @property
    def contact(self) -> Contact:
        """The touch as a model sees it."""
        return Contact(self.at, self.channel, is_direct=self.source_id is None)


class Chain(NamedTuple):
    """An order's touches, oldest first; without any, `why` says what is known. `left_out` only where asked for."""

    touches: tuple[Touch, ...] = ()
    why: Why | None = None
    left_out: tuple[tuple[Touch, LeftOut], ...] = ()


class OrderFacts(NamedTuple):
    """What of an order decides on its chain."""

    id: int
    reference: str
    customer_id: int
    session_id: int | None
    placed_at: datetime
    codes: tuple[str, ...]
    joined: bool


class _Trail(NamedTuple):
    """A visit with its touches."""

    visit: SeenVisit
    touches: tuple[Touch, ...]


def chains_of(
    session: Session,
    orders: Sequence[OrderFacts],
    *,
    redeemed: Mapping[int, Sequence[Redeemed]],
    rules: Rules,
    further: timedelta | None = None,
) -> dict[int, Chain]:
    """The chain of each order (by its id).

    Args:
        redeemed: the code touches of each order (`redeemed.redeemed_by`).
        further: look so much further to both sides for touches that are left out, to show them.
    """
    joined = [order for order in orders if order.joined]
    trails = _trails(session, joined, rules=rules, further=further or timedelta(0))
    silent = _silent(session, [order for order in orders if not order.joined and not redeemed.get(order.id)])
    result = {}
    for order in orders:
        named = redeemed.get(order.id, ())
        codes = [Touch(order.placed_at, one.channel, one.source_id, one.touchpoint_id) for one in named]
        chain = _chain(order, trails.get(order.id, ()), rules, explain=further is not None)
        touches = (*chain.touches, *codes)
        why = None if touches else Why.NOT_JOINED if order.reference in silent else Why.UNKNOWN
        result[order.id] = Chain(touches, why, chain.left_out)
    return result


def _chain(order: OrderFacts, trails: Sequence[_Trail], rules: Rules, *, explain: bool) -> Chain:
    counted: list[Touch] = []
    left_out: list[tuple[Touch, LeftOut]] = []
    for visit, of_visit in trails:
        touches = list(of_visit)
        if all(touch.at > order.placed_at for touch in touches):  # what it came with before the order: nothing
            touches.append(Touch(visit.started_at, "direct", session_id=visit.id, simulated=visit.simulated))
        for touch in touches:
            reason = _left_out(order, touch, rules)
            if reason is None:
                counted.append(touch)
            elif explain:
                left_out.append((touch, reason))
    counted.sort(key=_in_time)
    return Chain(tuple(counted), None, tuple(sorted(left_out, key=lambda one: _in_time(one[0]))))


def _left_out(order: OrderFacts, touch: Touch, rules: Rules) -> LeftOut | None:
    if touch.at > order.placed_at:
        return LeftOut.AFTER
    if touch.at >= order.placed_at - rules.window_of(touch.channel):
        return None
    return LeftOut.EMAIL_TOO_OLD if touch.at >= order.placed_at - rules.window else LeftOut.TOO_OLD


def _in_time(touch: Touch) -> tuple[datetime, int, int]:
    return touch.at, touch.session_id or 0, touch.touchpoint_id or 0


def _trails(
    session: Session, orders: Sequence[OrderFacts], *, rules: Rules, further: timedelta
) -> dict[int, list[_Trail]]:
    """The visits of each order's customer that may matter to it, with their touches."""
    if not orders:
        return {}
    reach = rules.window + further
    since = min(order.placed_at for order in orders) - reach
    until = max(order.placed_at for order in orders) + further + timedelta(microseconds=1)
    customers = {order.customer_id for order in orders}
    of_customer = visits_of_many(session, customers, window=rules.identity_window, since=since, until=until)
    own = _own_visits(session, [order.session_id for order in orders if order.session_id is not None])
    visits = [visit for rows in of_customer.values() for visit in rows] + list(own.values())
    touches = _touches_of(session, visits, since=since)
    diaries = {
        customer_id: _Diary([_Trail(visit, tuple(touches.get(visit.id, ()))) for visit in rows])
        for customer_id, rows in of_customer.items()
    }
    result: dict[int, list[_Trail]] = {}
    for order in orders:
        diary = diaries.get(order.customer_id)
        mine = diary.between(order.placed_at - reach, order.placed_at + further) if diary else []
        visit = own.get(order.session_id or 0)
        if visit is not None and all(trail.visit.id != visit.id for trail in mine):
            mine.append(_Trail(visit, tuple(touches.get(visit.id, ()))))
        result[order.id] = mine
    return result


class _Diary:
    """A customer's trails, by their latest touch, so that an order looks at those near it only."""

    def __init__(self, trails: Sequence[_Trail]) -> None:
        ends = [(max([trail.visit.started_at, *(touch.at for touch in trail.touches)]), trail) for trail in trails]
        ends.sort(key=lambda end: (end[0], end[1].visit.id))
        self._ends = [end for end, _ in ends]
        self._trails = [trail for _, trail in ends]
        self._longest = max(end - trail.visit.started_at for end, trail in ends)

    def between(self, since: datetime, until: datetime) -> list[_Trail]:
        """The trails that may have something between two moments, both included."""
        return self._trails[bisect_left(self._ends, since) : bisect_right(self._ends, until + self._longest)]


def _own_visits(session: Session, session_ids: Sequence[int]) -> dict[int, SeenVisit]:
    """The visits in which orders were placed: theirs whoever else uses the browser."""
    columns = (Visit.id, Visit.visitor_id, Visit.started_at, Visit.simulated)
    return {
        row.id: SeenVisit(*row)
        for some in in_chunks(session_ids)
        for row in session.execute(select(*columns).where(Visit.id.in_(some)))
    }


def _touches_of(session: Session, visits: Sequence[SeenVisit], *, since: datetime) -> dict[int, list[Touch]]:
    """The touches of each visit. By browser: the index on (visitor_id, at) leads there."""
    columns = (Touchpoint.at, Source.channel, Source.id, Touchpoint.id, Touchpoint.session_id, Touchpoint.simulated)
    query = select(*columns).join(Source, Source.id == Touchpoint.source_id).where(Touchpoint.at >= since)
    wanted = {visit.id for visit in visits}
    found: defaultdict[int, list[Touch]] = defaultdict(list)
    for some in in_chunks(visit.visitor_id for visit in visits):
        for row in session.execute(query.where(Touchpoint.visitor_id.in_(some))):
            if row.session_id in wanted:
                found[row.session_id].append(Touch(*row))
    return found


def _silent(session: Session, orders: Sequence[OrderFacts]) -> set[str]:
    """Which of these orders (by reference) came from a browser that agreed to less than being joined."""
    keys = [f"order-completed:{order.reference}" for order in orders]
    grade = Event.properties["grade"].as_integer()
    found: set[str] = set()
    for start in range(0, len(keys), 5000):
        query = select(Event.order_reference).where(
            Event.message_id.in_(keys[start : start + 5000]), grade.is_not(None)
        )
        found |= {reference for reference in session.scalars(query) if reference}
    return found
