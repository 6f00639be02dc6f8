"""Chain: the touches that came before an order, within the windows, and why others don't count.

- A visit that is the customer's (`tracking.identity`), or in which the order was placed, counts where the browser
  agreed to be joined to its customer, with the order (`SeenOrder.joined`) and with every step of the visit: each source
  it came with is a touch, a visit without one a direct touch at its start.
- A code that the order names is a touch at the order's moment, always: the customer said it themselves.
- Opens of e-mails are no touches. What came after the order isn't one either.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking.clickstream.dimensions import Source
from tracking.clickstream.event import Event
from tracking.clickstream.sessions import IDLE
from tracking.clickstream.sessions import Session as Visit
from tracking.clickstream.touchpoints import Touchpoint
from tracking.visitors import Grade

from .models import Contact
from .order_facts import OrderFacts
from .redeemed import Redeemed
from .rules import Rules
from .visits import SeenVisit, in_chunks, visits_of_many


class Why(StrEnum):
    """Why nothing is credited: only direct visits, no visit on file, or a browser that didn't agree to be joined.

    `no visit known` is also what an order is that came as history, or whose browser refused everything: then not even
    a visit was recorded. `not joined` is one whose browser agreed to statistics alone, with the order or with a step of
    the visit in which it was placed.
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
        return Contact(self.at, self.channel, self.source_id is None)


class Chain(NamedTuple):
    """An order's touches, oldest first; without any, `why` says what is known. `left_out` only where asked for."""

    touches: tuple[Touch, ...] = ()
    why: Why | None = None
    left_out: tuple[tuple[Touch, LeftOut], ...] = ()


class Trail(NamedTuple):
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
    seen = _seen(session, joined, rules=rules, further=further)
    bare = [order for order in orders if not seen.get(order.id, _NOTHING).touches and not redeemed.get(order.id)]
    not_joined = _silent(session, [order for order in bare if not order.joined])
    not_joined |= _in_silent_visits(session, [order for order in bare if order.joined])
    result = {}
    for order in orders:
        chain = seen.get(order.id, _NOTHING)
        named = redeemed.get(order.id, ())
        if named:
            codes = [Touch(order.placed_at, one.channel, one.source_id, one.touchpoint_id) for one in named]
            chain = chain._replace(touches=(*chain.touches, *codes))
        if not chain.touches:
            chain = chain._replace(why=Why.NOT_JOINED if order.reference in not_joined else Why.UNKNOWN)
        result[order.id] = chain
    return result


_NOTHING = Chain()


def explained(order: OrderFacts, trails: Iterable[Trail], rules: Rules) -> Chain:
    """The chain with what is left out and why, touch by touch; for receipts."""
    counted: list[Touch] = []
    left_out: list[tuple[Touch, LeftOut]] = []
    for visit, of_visit in trails:
        touches = list(of_visit)
        if all(touch.at > order.placed_at for touch in touches):  # what it came with before the order: nothing
            touches.append(_direct(visit))
        for touch in touches:
            reason = _left_out(order, touch, rules)
            if reason is None:
                counted.append(touch)
            else:
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


def _seen(
    session: Session, orders: Sequence[OrderFacts], *, rules: Rules, further: timedelta | None
) -> dict[int, Chain]:
    """What the visits of each order's customer make of its chain; with what is left out where that is asked for."""
    if not orders:
        return {}
    reach, beyond = rules.window + (further or _NO_TIME), further or _NO_TIME
    since = min(order.placed_at for order in orders) - reach
    until = max(order.placed_at for order in orders) + beyond + timedelta(microseconds=1)
    customers = {order.customer_id for order in orders}
    of_customer = visits_of_many(session, customers, window=rules.identity_window, since=since, until=until)
    known = {(customer_id, visit.id) for customer_id, rows in of_customer.items() for visit in rows}
    # An order is placed in a visit of its customer, but for one in a browser that isn't the customer's alone.
    foreign = [order.session_id for order in orders if (order.customer_id, order.session_id) not in known]
    own = _own_visits(session, foreign)
    touches = _touches_of(session, [*(visit for rows in of_customer.values() for visit in rows), *own.values()], since)
    diaries = {
        customer_id: Diary(Trail(visit, tuple(touches.get(visit.id, ()))) for visit in rows)
        for customer_id, rows in of_customer.items()
    }
    result: dict[int, Chain] = {}
    for order in orders:
        diary = diaries.get(order.customer_id, _EMPTY)
        visit = own.get(order.session_id or 0)
        if visit is not None and (order.customer_id, visit.id) not in known:
            diary = diary.and_also(Trail(visit, tuple(touches.get(visit.id, ()))))
        if further is None:
            result[order.id] = Chain(diary.counted(order, rules))
        else:
            result[order.id] = explained(order, diary.trails, rules)
    return result


_NO_TIME = timedelta(0)


class Diary:
    """A customer's trails in time, so that an order looks at those near it only: most have dozens of orders.

    `counted` is `explained` without the explanations, at a twentieth of its time; a test holds that both agree.
    """

    def __init__(self, trails: Iterable[Trail]) -> None:
        self.trails = list(trails)
        self._late: list[Trail] = []  # visits that got their first source later than they began
        touches: list[Touch] = []
        for trail in self.trails:
            if trail.touches:
                touches += trail.touches
                if min(touch.at for touch in trail.touches) > trail.visit.started_at:
                    self._late.append(trail)
            else:
                touches.append(_direct(trail.visit))
        touches.sort(key=_in_time)
        self._touches = tuple(touches)
        self._moments = [touch.at for touch in touches]
        self._has_emails = any(touch.channel == "email" for touch in touches)

    def and_also(self, trail: Trail) -> Diary:
        """With one more visit."""
        return Diary([*self.trails, trail])

    def counted(self, order: OrderFacts, rules: Rules) -> tuple[Touch, ...]:
        """The touches that count for an order, oldest first."""
        at, since = order.placed_at, order.placed_at - rules.window
        found = self._touches[bisect_left(self._moments, since) : bisect_right(self._moments, at)]
        if self._has_emails and rules.window_of("email") < rules.window:
            oldest = at - rules.window_of("email")
            found = tuple(touch for touch in found if touch.at >= oldest or touch.channel != "email")
        for visit, touches in self._late:
            if since <= visit.started_at <= at < min(touch.at for touch in touches):
                found = tuple(sorted((*found, _direct(visit)), key=_in_time))
        return found


_EMPTY = Diary(())


def _direct(visit: SeenVisit) -> Touch:
    return Touch(visit.started_at, "direct", session_id=visit.id, simulated=visit.simulated)


def _own_visits(session: Session, session_ids: Sequence[int | None]) -> dict[int, SeenVisit]:
    """The visits in which orders were placed: theirs whoever else uses the browser, where all of the visit agreed. One
    may name a visit that a late step agreed to less in."""
    columns = (Visit.id, Visit.visitor_id, Visit.started_at, Visit.simulated)
    return {
        row.id: SeenVisit(*row)
        for some in in_chunks(id_ for id_ in session_ids if id_ is not None)
        for row in session.execute(select(*columns).where(Visit.id.in_(some), Visit.grade >= int(Grade.PERSONAL)))
    }


def _touches_of(session: Session, visits: Sequence[SeenVisit], since: datetime) -> dict[int, list[Touch]]:
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


def _in_silent_visits(session: Session, orders: Sequence[OrderFacts]) -> set[str]:
    """Which of these orders (by reference) were placed in a visit of which a step agreed to statistics alone."""
    placed = [order for order in orders if order.visitor_id is not None]
    if not placed:
        return set()
    moments = [order.placed_at for order in placed]
    silent = select(Visit.visitor_id, Visit.started_at, Visit.last_at).where(
        Visit.grade < int(Grade.PERSONAL), Visit.last_at > min(moments) - IDLE, Visit.started_at < max(moments) + IDLE
    )
    visits: defaultdict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    for some in in_chunks(order.visitor_id for order in placed if order.visitor_id is not None):
        for visitor_id, started_at, last_at in session.execute(silent.where(Visit.visitor_id.in_(some))):
            visits[visitor_id].append((started_at, last_at))
    return {
        order.reference
        for order in placed
        for started_at, last_at in visits.get(order.visitor_id or 0, ())
        if started_at - IDLE < order.placed_at < last_at + IDLE
    }
