"""Really mailed: whom flows wrote to in days that a rehearsal plays again: their orders came after an e-mail."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer.outbox import Email, State


@dataclass(frozen=True)
class ReallyMailed:
    """When whom a flow wrote to: ascending moments by flow and contact."""

    moments: Mapping[tuple[str, int], Sequence[datetime]] = field(default_factory=dict)

    def between(self, flow: str, contact_id: int, *, since: datetime, until: datetime) -> bool:
        """Whether an e-mail of this flow went to this contact from `since` to `until`, both included."""
        moments = self.moments.get((flow, contact_id), ())
        return bisect_left(moments, since) < bisect_right(moments, until)


def really_mailed(
    session: Session, flows: Sequence[str], *, start: datetime, end: datetime, before: timedelta
) -> ReallyMailed:
    """What these flows sent from `before` ahead of `start` until as long after `end`.

    Call it with the real tables: a shadow's outbox is empty. What is in doubt counts: it may have arrived.
    """
    at = func.coalesce(Email.sent_at, Email.handed_at, type_=Email.sent_at.type)  # a doubtful one was never marked
    query = select(Email.source, Email.contact_id, at).where(
        Email.source.in_([f"flow:{one}" for one in flows]), Email.state.in_((State.SENT, State.UNKNOWN)),
        at >= start - before, at <= end + before,
    )  # fmt: skip
    found: dict[tuple[str, int], list[datetime]] = defaultdict(list)
    for source, contact_id, moment in session.execute(query.order_by(at)):
        if contact_id is not None:
            found[source.removeprefix("flow:"), contact_id].append(moment)
    return ReallyMailed(dict(found))
