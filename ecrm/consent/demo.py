"""Made-up consents for the people of a demo, so that flows, segments and mailings have somebody to write to.

Everything is marked as such in the log (`how` = "demo data"). The shares are plausible, and no more than that: about
three of five agreed to something, some of those left again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from ecrm.installation import Installation
from mailer.consent import EVERYTHING, TRACKING, ConsentEntry, Subscription, Topic
from mailer.contacts import Contact
from mailer.suppression import SCOPES, Reason, Suppression, set_block
from tracking.customers import Customer, CustomerEmail

HOW = "demo data"
_AGREED = 0.62
_OF_WHOM = {
    Topic.NEWSLETTER: 0.8, Topic.OFFERS: 0.85, Topic.ARRIVALS: 0.6, Topic.RESTOCK: 0.5, Topic.REMINDERS: 0.5,
    Topic.REVIEWS: 0.45,
}  # fmt: skip
_TRACKED = 0.45
_LEFT = ((Reason.UNSUBSCRIBED, 0.06), (Reason.HARD_BOUNCE, 0.012), (Reason.COMPLAINT, 0.002))
_AT_ONCE = 5_000


def simulate_consents(crm: Installation, *, seed: int = 1, now: datetime) -> int:
    """Give everybody who owns a mailbox and has no contact yet a made-up past of consents; says to how many."""
    chance, done = Random(seed), 0  # noqa: S311 (made-up data)
    while True:
        with crm.sessions.begin() as session:
            people = _people(session)
            if not people:
                return done
            _make(session, people, chance, now)
            done += len(people)


def _people(session: Session) -> Sequence[Any]:
    known = select(Contact.id).where(Contact.folded == CustomerEmail.folded).exists()
    query = (
        select(CustomerEmail.folded, Customer.email, Customer.id, Customer.created_at)
        .join(Customer, Customer.id == CustomerEmail.customer_id)
        .where(~known)
        .order_by(CustomerEmail.folded)
        .limit(_AT_ONCE)
    )
    return session.execute(query).all()


def _make(session: Session, people: Sequence[Any], chance: Random, now: datetime) -> None:
    rows, agreed, left = [], {}, {}
    for person in people:
        since = min(person.created_at + timedelta(minutes=chance.randint(1, 600)), now)
        if chance.random() < _AGREED:
            agreed[person.folded] = [topic for topic, share in _OF_WHOM.items() if chance.random() < share]
            if reason := _left(chance):
                left[person.folded] = (reason, since + (now - since) * chance.random())
        tracked = bool(agreed.get(person.folded)) and chance.random() < _TRACKED
        rows.append(
            {
                "folded": person.folded, "address": person.email, "customer_id": person.id, "created_at": since,
                "confirmed_at": since if person.folded in agreed else None, "tracking_allowed": tracked, "blocked": 0,
            }
        )  # fmt: skip
    session.execute(insert(Contact), rows)
    made = select(Contact.folded, Contact.id).where(Contact.folded.in_([row["folded"] for row in rows]))
    ids = {row.folded: row.id for row in session.execute(made)}
    _write(session, [row | {"id": ids[row["folded"]]} for row in rows], agreed, left)


def _left(chance: Random) -> Reason | None:
    at = chance.random()
    for reason, share in _LEFT:
        if (at := at - share) < 0:
            return reason
    return None


def _write(
    session: Session,
    rows: Sequence[dict[str, Any]],
    agreed: dict[str, list[Topic]],
    left: dict[str, tuple[Reason, datetime]],
) -> None:
    entries, wanted, held = [], [], []
    for row in rows:
        said = [str(topic) for topic in agreed.get(row["folded"], ())]
        said += [TRACKING] if row["tracking_allowed"] else []
        entries += [_entry(row["id"], topic, True, row["created_at"]) for topic in said]
        reason, gone_at = left.get(row["folded"], (None, row["created_at"]))
        stays = reason is not Reason.UNSUBSCRIBED
        if not stays:
            entries.append(_entry(row["id"], EVERYTHING, False, gone_at))
        if reason is not None:
            held.append(
                {
                    "contact_id": row["id"], "address_hash": "", "reason": reason, "scope": int(SCOPES[reason]),
                    "at": gone_at, "note": HOW,
                }
            )  # fmt: skip
        wanted += [
            {"contact_id": row["id"], "topic": topic, "wanted": stays, "changed_at": gone_at}
            for topic in said
            if topic != TRACKING
        ]
    for record, made in ((ConsentEntry, entries), (Subscription, wanted), (Suppression, held)):
        if made:
            session.execute(insert(record), made)
    for one in held:
        set_block(session, one["contact_id"])


def _entry(contact_id: int, topic: str, given: bool, at: datetime) -> dict[str, Any]:
    return {
        "contact_id": contact_id, "topic": topic, "given": given, "how": HOW, "wording": "made up for the demo",
        "at": at, "actor": HOW, "proof": "",
    }  # fmt: skip
