"""Unique visitors: the one figure that can't be added up, since who comes on two days is one visitor.

A day's is exact (`DayFigures.visitors`). For a free period the sketches of its closed days are united: HyperLogLog with
2^14 registers (Flajolet et al. 2007, "HyperLogLog: the analysis of a near-optimal cardinality estimation algorithm"),
whose relative standard error is 1.04/√(2^14) = 0.8 %. Exact, on demand, is a count over the visits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session as OrmSession

from .rollups import AudienceDay, DayFigures
from .sessions import Session
from .sheets import Sheet

FAMILY = "visitors"
_LG_REGISTERS = 14
STANDARD_ERROR = 1.04 / math.sqrt(2**_LG_REGISTERS)


@dataclass(frozen=True)
class Uniques:
    """How many different browsers. `error`: the relative standard error (0.008 = 0.8 %); 0.0 where it is exact."""

    count: int
    exact: bool
    error: float


def unique_visitors(session: OrmSession, first: date, last: date, *, exact: bool = False) -> Uniques:
    """Different browsers with a visit that began from `first` to `last`, both included.

    Args:
        exact: count the visits instead of uniting sketches; takes longer the more visits there are. Visits older than
            the shop keeps them are in the sketches only.
    """
    if first == last and (figures := session.get(DayFigures, first)) is not None:
        return Uniques(figures.visitors, exact=True, error=0.0)
    sketches = {} if exact else _sketches(session, first, last)
    if not sketches:
        query = select(func.count(Session.visitor_id.distinct())).where(Session.day.between(first, last))
        return Uniques(session.scalar(query) or 0, exact=True, error=0.0)
    import datasketches  # imported here: opening a shop doesn't need it

    union = datasketches.hll_union(_LG_REGISTERS)
    for blob in sketches.values():
        union.update(datasketches.hll_sketch.deserialize(blob))
    for visitor_id in _open_days(session, first, last, closed=set(sketches)):
        union.update(visitor_id)
    return Uniques(round(union.get_result().get_estimate()), exact=False, error=STANDARD_ERROR)


def sketch_of_day(session: OrmSession, day: date) -> tuple[int, bytes]:
    """How many different browsers had a visit that began on this day, and their sketch."""
    import datasketches  # imported here: opening a shop doesn't need it

    sketch = datasketches.hll_sketch(_LG_REGISTERS, datasketches.tgt_hll_type.HLL_4)
    visitors = session.scalars(select(Session.visitor_id).where(Session.day == day).distinct()).all()
    for visitor_id in visitors:
        sketch.update(visitor_id)
    return len(visitors), bytes(sketch.serialize_compact())


def _sketches(session: OrmSession, first: date, last: date) -> dict[date, bytes]:
    """The sketches of days that had no visit since; a day's late visits are seen by its audience rows."""
    late = select(AudienceDay.day).where(AudienceDay.day.between(first, last))
    query = select(Sheet.first, Sheet.columns).where(
        Sheet.family == FAMILY, Sheet.grain == "day", Sheet.first.between(first, last), Sheet.first.not_in(late)
    )
    return {row.first: row.columns for row in session.execute(query)}


def _open_days(session: OrmSession, first: date, last: date, *, closed: set[date]) -> Sequence[int]:
    """The visitors of the days that have no sketch (yet); named one by one, so that no closed day's visits are read."""
    days = {first + timedelta(days=number) for number in range((last - first).days + 1)} - closed
    if not days:
        return []
    return session.scalars(select(Session.visitor_id).where(Session.day.in_(days)).distinct()).all()
