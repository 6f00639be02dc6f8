"""Welcome: to who has just agreed to hear from the shop, and three days later again if they haven't ordered."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from mailer.consent import Subscription, Topic
from mailer.contacts import Contact

from .entry import FlowEntry
from .flow import Entering, Flow, Leave, Run, Step
from .purchases import ordered_since

_FIRST = (Topic.NEWSLETTER, Topic.OFFERS, Topic.ARRIVALS)
"""Of several that were agreed to at once, the e-mail belongs to the first of these; other topics greet nobody."""


class Welcome(Flow):
    """Once a mailbox, whether it belongs to an account or not; from the moment on at which it is confirmed."""

    name = "welcome"
    title = "Welcome"
    does = "Greets who has just signed up, and introduces the shop three days later to who hasn't ordered."
    topic = Topic.NEWSLETTER
    priority = 75
    steps = (
        Step(name="hello", template="flow_welcome", good_for=timedelta(days=3)),
        Step(name="more", template="flow_welcome", after=timedelta(days=3), at_best_hour=True,
             good_for=timedelta(days=4)),
    )  # fmt: skip

    def entering(self, session: Session, run: Run) -> Iterable[Entering]:
        found: dict[int, tuple[datetime, Topic]] = {}
        for topic in reversed(_FIRST):
            for contact, at in session.execute(_agreed(topic, run)):
                found[contact] = (at, topic)
        for contact, (agreed_at, of) in sorted(found.items()):
            yield Entering(cause=str(contact), at=agreed_at, contact_id=contact, topic=of)

    def leaves(self, session: Session, entry: FlowEntry, run: Run) -> Leave | None:
        if entry.step == 0 or entry.customer_id is None:
            return None
        ordered = ordered_since(session, entry.customer_id, entry.caused_at, now=run.now)
        return Leave("ordered already") if ordered else None

    def content(self, session: Session, entry: FlowEntry, step: Step, run: Run) -> dict[str, Any] | None:
        return {"greeting": step.name}


def _agreed(topic: Topic, run: Run) -> Any:
    """Contacts who want the topic, and since when they may get it: agreed and confirmed."""
    wanted = Subscription.__table__.c
    at = _later(wanted.changed_at, Contact.__table__.c.confirmed_at)
    return (
        select(Contact.id, at)
        .join(Subscription, Subscription.contact_id == Contact.id)
        .where(
            Subscription.topic == topic, Subscription.wanted, Contact.confirmed_at.is_not(None), at > run.since,
            at <= run.now,
        )
    )  # fmt: skip


def _later(one: Any, other: Any) -> Any:
    return case((one > other, one), else_=other)
