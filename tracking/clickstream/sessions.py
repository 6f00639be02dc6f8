"""Session: a visitor's steps with no gap of 30 minutes or more between them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import BigInteger, ForeignKey, Index, String, bindparam, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import Session as OrmSession

from tracking.record import BigId, Record

from .sightings import Sighting, storable

IDLE = timedelta(minutes=30)
PASSIVE = frozenset({"Page Engaged"})
"""What a browser reports when a page is left; it may come hours later and is no visit."""

# Event → the counter of its session. Orders are counted by the reaction to the order.
_COUNTER = {
    "Page Viewed": "page_views",
    "Product Viewed": "product_views",
    "Products Searched": "searches",
    "Product Added": "cart_adds",
}


class Session(Record):
    """One visit; counters are maintained as events arrive.

    `day` is the day of the shop's on which it began, and on which all of it is counted. `stage` is how far it came: 1
    saw a product, 2 put one into the cart, 3 began the checkout, 4 ordered; a later stage counts as every earlier one.
    `bounced`: one page and nothing else. `customer_id`: who was signed in (grade PERSONAL); empty where it was two.
    """

    __tablename__ = "ecrm_session"
    __table_args__ = (
        Index(None, "visitor_id", "last_at"),
        Index(None, "started_at"),
        Index(None, "audience_id", "day"),
        Index(None, "entry_page_id", "day"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    visitor_id: Mapped[int] = mapped_column(ForeignKey("ecrm_visitor.id"))
    started_at: Mapped[datetime]
    last_at: Mapped[datetime]
    entry_path: Mapped[str] = mapped_column(String(200), default="")
    referrer: Mapped[str] = mapped_column(String(200), default="")
    page_views: Mapped[int] = mapped_column(default=0)
    product_views: Mapped[int] = mapped_column(default=0)
    searches: Mapped[int] = mapped_column(default=0)
    cart_adds: Mapped[int] = mapped_column(default=0)
    checkouts: Mapped[int] = mapped_column(default=0)
    orders: Mapped[int] = mapped_column(default=0)
    revenue_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    refunds_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    seconds: Mapped[int] = mapped_column(default=0)
    stage: Mapped[int] = mapped_column(default=0)
    bounced: Mapped[bool] = mapped_column(default=False)
    day: Mapped[date | None] = mapped_column(index=True)
    audience_id: Mapped[int | None]
    entry_page_id: Mapped[int | None]
    customer_id: Mapped[int | None] = mapped_column(index=True)
    simulated: Mapped[bool] = mapped_column(default=False)


@dataclass(frozen=True)
class Step:
    """Where a step belongs: its session (None for strangers) and whether it opened it."""

    session_id: int | None = None
    opened: bool = False


@dataclass
class _Open:
    """A session that the batch may still reach, and what the batch adds to it."""

    id: int
    started_at: datetime
    last_at: datetime
    touched: bool = False
    added: Counter[str] = field(default_factory=Counter)

    def reaches(self, at: datetime) -> bool:
        return at - self.last_at < IDLE and self.started_at - at < IDLE


class OpenSessions:
    """The sessions of a batch's visitors: finds each step's session or opens one, and keeps the counters.

    Expects the visitors' rows to be locked by the caller's transaction, and the steps in the order of their time.
    """

    def __init__(self, session: OrmSession, visitor_ids: Collection[int], sightings: Sequence[Sighting]) -> None:
        self._session = session
        self._by_visitor: defaultdict[int, list[_Open]] = defaultdict(list)
        if visitor_ids:
            reach = sightings[0].at - IDLE
            query = select(Session.visitor_id, Session.id, Session.started_at, Session.last_at).where(
                Session.visitor_id.in_(visitor_ids), Session.last_at > reach
            )
            for visitor_id, id_, first, last in session.execute(query.order_by(Session.last_at)):
                self._by_visitor[visitor_id].append(_Open(id_, first, last))

    def step(self, visitor_id: int | None, sighting: Sighting) -> Step:
        """Put a step into its session. A step that only reports on a page (`PASSIVE`) never opens one."""
        if visitor_id is None:
            return Step()
        mine = self._by_visitor[visitor_id]
        found = next((one for one in reversed(mine) if one.reaches(sighting.at)), None)
        opened = found is None and sighting.name not in PASSIVE
        if opened:
            found = _Open(self._insert(visitor_id, sighting), sighting.at, sighting.at)
            mine.append(found)
        if found is None:
            return Step()
        found.touched = True
        found.started_at = min(found.started_at, sighting.at)
        found.last_at = max(found.last_at, sighting.at)
        if (counter := _COUNTER.get(sighting.name)) and sighting.counts:
            found.added[counter] += 1
        return Step(found.id, opened)

    def store(self, session: OrmSession) -> None:
        """Write the counters and times of every session that the batch touched."""
        table = Record.metadata.tables[Session.__tablename__]
        touched = [one for sessions in self._by_visitor.values() for one in sessions if one.touched]
        if not touched:
            return
        grown = {name: table.c[name] + bindparam(f"add_{name}") for name in set(_COUNTER.values())}
        statement = update(table).where(table.c.id == bindparam("row")).values(
            started_at=bindparam("first"), last_at=bindparam("last"), **grown
        )  # fmt: skip
        session.connection().execute(
            statement,
            [
                {"row": one.id, "first": one.started_at, "last": one.last_at}
                | {f"add_{name}": one.added[name] for name in set(_COUNTER.values())}
                for one in sorted(touched, key=lambda one: one.id)
            ],
        )

    def _insert(self, visitor_id: int, sighting: Sighting) -> int:
        values = {
            "visitor_id": visitor_id,
            "started_at": sighting.at,
            "last_at": sighting.at,
            "entry_path": storable(sighting.path)[:200],
            "referrer": storable(sighting.referrer)[:200],
        }
        return self._session.execute(insert(Session).values(values).returning(Session.id)).scalar_one()
