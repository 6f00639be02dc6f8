"""Touchpoint: a moment at which a source brought somebody: a visit with a source, or a redeemed code."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, Index, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.bulk import insert_columns
from tracking.record import BigId, Record

from .dimensions import Source, ids_of
from .sources import Origin


class Touchpoint(Record):
    """One touch. Visits that came directly leave none; within a visit a further source leaves a further one: a
    page view whose address names a source (`Origin.tagged`) other than that of the touch before. A plain referrer in
    the middle of a visit is none: it may be a payment provider's, from which the visitor came back.

    kind: `visit` (session and visitor are set) or `code` (a coupon's or vanity URL's code named by an order: `order_id`
    and `customer_id` are set, also where the browser was never seen).
    """

    __tablename__ = "ecrm_touchpoint"
    __table_args__ = (
        Index(None, "visitor_id", "at"),
        Index(None, "customer_id", "at"),
        Index(None, "session_id"),
        Index(None, "order_id", "source_id", unique=True),
        Index(None, "source_id", "at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime]
    source_id: Mapped[int] = mapped_column(ForeignKey("ecrm_source.id"))
    visitor_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_visitor.id"))
    session_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_session.id"))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_customer.id"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_order.id"))
    simulated: Mapped[bool] = mapped_column(default=False)


class Touch(NamedTuple):
    """A source that brought somebody into a visit."""

    at: datetime
    origin: Origin


def store_touches(
    session: Session,
    touches: Mapping[tuple[int, int], Sequence[Touch]],
    *,
    fresh: Collection[int],
    anew: Collection[int],
) -> None:
    """Write the touches of visits, each where its source is another than that of the touch before.

    Args:
        touches: (session id, visitor id) → touches.
        fresh: sessions that were just opened and have no touch yet.
        anew: sessions whose first page is only known now; what the step that opened them seemed to say is forgotten.
    """
    if anew:
        session.execute(delete(Touchpoint).where(Touchpoint.session_id.in_(anew), Touchpoint.kind == "visit"))
    if not touches:
        return
    sources = ids_of(session, Source, {tuple(touch.origin) for some in touches.values() for touch in some})
    earlier = _stored(session, [session_id for session_id, _ in touches if session_id not in fresh])
    rows: list[tuple[Any, ...]] = []
    for (session_id, visitor_id), some in touches.items():
        known = earlier.get(session_id, [])
        for touch in some:
            source_id = sources[tuple(touch.origin)]
            before = max((one for one in reversed(known) if one[0] <= touch.at), key=itemgetter(0), default=None)
            if before is None or before[1] != source_id:
                rows.append(("visit", touch.at, source_id, visitor_id, session_id, False))
                known = [*known, (touch.at, source_id)]
    if rows:
        names = ("kind", "at", "source_id", "visitor_id", "session_id", "simulated")
        table = Record.metadata.tables[Touchpoint.__tablename__]
        insert_columns(session.connection(), table, dict(zip(names, zip(*rows, strict=True), strict=True)))


def _stored(session: Session, session_ids: Collection[int]) -> dict[int, list[tuple[datetime, int]]]:
    found: dict[int, list[tuple[datetime, int]]] = {}
    if session_ids:
        query = select(Touchpoint.session_id, Touchpoint.at, Touchpoint.source_id)
        query = query.where(Touchpoint.session_id.in_(session_ids)).order_by(Touchpoint.id)
        for session_id, at, source_id in session.execute(query):
            if session_id is not None:
                found.setdefault(session_id, []).append((at, source_id))
    return found
