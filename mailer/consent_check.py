"""Working out anew, from the log of consents and the suppression list, what every contact may get; and what differs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from .consent import EVERYTHING, TRACKING, ConsentEntry, Subscription, Topic
from .contacts import Contact
from .suppression import Suppression


@dataclass(frozen=True)
class Difference:
    """What is kept of a contact isn't what the log says. `what`: a topic, `tracking` or `blocked`."""

    contact_id: int
    what: str
    kept: object
    logged: object

    def __str__(self) -> str:
        return f"contact {self.contact_id}: {self.what} is {self.kept}, the log says {self.logged}"


def differences(session: Session) -> Iterator[Difference]:
    """Every difference, contact by contact; memory stays flat however many contacts there are."""
    subscriptions = _by_contact(session, Subscription, Subscription.topic)
    log = _by_contact(session, ConsentEntry, ConsentEntry.id)
    kept, logged = next(subscriptions, None), next(log, None)
    contacts = select(Contact.id, Contact.tracking_allowed, Contact.blocked, _standing()).order_by(Contact.id)
    for contact_id, tracking, blocked, standing in session.execute(contacts.execution_options(yield_per=2000)):
        mine: dict[str, bool] = {}
        said: dict[str, bool] = {}
        if kept is not None and kept[0] == contact_id:
            mine, kept = {row.topic: row.wanted for row in kept[1]}, next(subscriptions, None)
        if logged is not None and logged[0] == contact_id:
            said, logged = _replayed(logged[1]), next(log, None)
        if tracking != said.pop(TRACKING, False):
            yield Difference(contact_id, TRACKING, tracking, not tracking)
        for topic in sorted(mine.keys() | said.keys()):
            if mine.get(topic, False) != said.get(topic, False):
                yield Difference(contact_id, topic, mine.get(topic, False), said.get(topic, False))
        if blocked != standing:
            yield Difference(contact_id, "blocked", blocked, standing)


def _replayed(entries: list[ConsentEntry]) -> dict[str, bool]:
    """What the entries of one contact, oldest first, come to."""
    said: dict[str, bool] = {}
    for entry in entries:
        if entry.topic == EVERYTHING:
            said |= dict.fromkeys((str(topic) for topic in Topic), entry.given)
        else:
            said[entry.topic] = entry.given
    return said


def _by_contact(session: Session, record: Any, then: Any) -> Iterator[tuple[int, list[Any]]]:
    rows = session.execute(
        select(*record.__table__.c).order_by(record.contact_id, then).execution_options(yield_per=2000)
    )
    for contact_id, group in groupby(rows, key=lambda row: row.contact_id):
        yield contact_id, list(group)


def _standing() -> Any:
    return (
        select(func.coalesce(func.max(Suppression.scope), 0))
        .where(Suppression.contact_id == Contact.id, Suppression.lifted_at.is_(None))
        .scalar_subquery()
    )
