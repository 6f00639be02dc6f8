"""Segment: a name and the conditions that make somebody belong; who does is asked anew each time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from ecrm.wording import gettext as _
from tracking.record import BigId, Record

from .rules import BadRules, Problem, checked

MOST_NAME = 100


class Segment(Record):
    """`rules` as `rules.checked` wrote them. `version` counts changes, so that nobody overwrites another's."""

    __tablename__ = "ecrm_segment"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(MOST_NAME), unique=True)
    rules: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[int]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(100))
    archived_at: Mapped[datetime | None]


def save(
    session: Session, *, name: str, rules: Any, by: str, now: datetime, segment_id: int | None = None, version: int = 0
) -> Segment:
    """Make a segment, or change one; flushes.

    Args:
        version: of the segment as it was shown to who changes it.

    Raises:
        BadRules: naming each thing that has to be put right.
        LookupError: where there is no such segment.
    """
    name = " ".join(name.split())[:MOST_NAME]
    known = checked(rules)
    if not name or not name.isprintable():
        raise BadRules([Problem("name", _("Give the segment a name."))])
    taken = select(Segment.id).where(func.lower(Segment.name) == name.lower(), Segment.id != (segment_id or 0))
    if session.scalar(taken) is not None:
        raise BadRules([Problem("name", _("Another segment has this name."))])
    if segment_id is None:
        segment = Segment(name=name, rules=known, version=1, created_at=now, changed_at=now, changed_by=by[:100])
        session.add(segment)
    else:
        found = session.get(Segment, segment_id, with_for_update=True)
        if found is None:
            raise LookupError(segment_id)
        segment = found
        if segment.version != version:
            raise BadRules([Problem("", _("Somebody changed this segment meanwhile. Open it again."))])
        segment.name, segment.rules, segment.version = name, known, version + 1
        segment.changed_at, segment.changed_by = now, by[:100]
    try:
        session.flush()
    except IntegrityError:  # somebody took the name at the same moment
        raise BadRules([Problem("name", _("Another segment has this name."))]) from None
    return segment


def archive(session: Session, segment_id: int, *, archived: bool, now: datetime) -> bool:
    """Put a segment away, or back; False where there is none."""
    segment = session.get(Segment, segment_id)
    if segment is None:
        return False
    segment.archived_at = now if archived else None
    return True


_BY_NAME = select(Segment).order_by(func.lower(Segment.name), Segment.id)
_IN_USE, _PUT_AWAY = _BY_NAME.where(Segment.archived_at.is_(None)), _BY_NAME.where(Segment.archived_at.is_not(None))


def segments(session: Session, *, archived: bool = False) -> list[Segment]:
    """All segments in use, or all put away, by name."""
    return list(session.scalars(_PUT_AWAY if archived else _IN_USE))
