"""What somebody waited for: what back in stock and price drop share. Who is told, and how many, `waitlists` decides."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, ClassVar

from sqlalchemy.orm import Session

from mailer.consent import Topic
from mailer.waitlists import Kind, Wait, WaitState, told_since

from .entry import FlowEntry
from .flow import Entering, Flow, Leave, Run

GOOD_FOR = timedelta(days=8)
"""Longer than the longest usual cap: who used theirs up is told when there is room again."""
BEFORE_A_RUN = timedelta(hours=2)
"""How far back is looked: a transaction that was told in may end later than a run that followed it."""


class WaitedFor(Flow):
    """They asked for this one e-mail: nobody is withheld it for the sake of a control group."""

    topic = Topic.RESTOCK
    control_percent = 0
    kind: ClassVar[Kind]

    def entering(self, session: Session, run: Run) -> Iterable[Entering]:
        for wait in told_since(session, self.kind, run.since - BEFORE_A_RUN, until=run.now):
            if wait.told_at is not None:
                yield Entering(
                    cause=cause_of(wait), at=wait.told_at, contact_id=wait.contact_id,
                    data={
                        "wait": wait.id, "telling": wait.times, "product": wait.subject, "then": wait.price_minor,
                        "region": wait.region,
                    },
                )  # fmt: skip

    def leaves(self, session: Session, entry: FlowEntry, run: Run) -> Leave | None:
        wait = session.get(Wait, entry.data["wait"], populate_existing=True)
        if wait is None or wait.state == WaitState.ENDED:
            return Leave("waits for it no more")
        if wait.state == WaitState.DONE:
            return Leave("bought it")
        if wait.state != WaitState.TOLD or wait.times != entry.data["telling"]:
            return Leave("waits again")
        return None


def about(entry: FlowEntry) -> dict[str, Any]:
    """What the writer is told of every wish: they asked for this very product, as it is sold where they asked."""
    return {
        "products": [entry.data["product"]], "recommend": 0, "wait": entry.data["wait"],
        "region": entry.data.get("region", ""), "asked_for": True,
    }  # fmt: skip


def cause_of(wait: Wait) -> str:
    """One for each telling of each wish."""
    return f"{wait.id}:{wait.times}"
