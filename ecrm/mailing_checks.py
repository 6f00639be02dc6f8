"""Before a mailing is sent: whether everything in it can be said, and who would get it now, with reasons why not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, case, func, select, tuple_
from sqlalchemy.orm import Session, aliased

from mailer.blocks import Complaint, Draft, Unwritable
from mailer.budget import Budget
from mailer.consent import Subscription
from mailer.contacts import Contact
from mailer.mailing_expansion import fraction
from mailer.mailing_people import best_first, lot_of
from mailer.mailings import Mailing, MailingVariant, variants_of
from tracking.customers import Customer

from .customers.segments.members import matching, rules_of
from .installation import Installation
from .storefront import found_products

_DETAIL = re.compile(r"\s*\([^)]*\)$")
SAMPLE = 400
"""Recipients whose contact budget is asked; the others are taken to be like them."""


def complaints_of(crm: Installation, variant: MailingVariant) -> list[Complaint]:
    """What keeps a variant from being sent. Call it in a request: the shop is asked for the products it names."""
    try:
        draft = variant.draft()
    except Unwritable as error:
        return list(error.complaints)
    return list(_of_goods(crm, draft))


def all_complaints(crm: Installation, session: Session, mailing_id: int) -> dict[str, list[Complaint]]:
    """Of each variant that can't be sent, why."""
    found = {one.name: complaints_of(crm, one) for one in variants_of(session, mailing_id)}
    return {name: complaints for name, complaints in found.items() if complaints}


def _of_goods(crm: Installation, draft: Draft) -> list[Complaint]:
    known = {card.product_id for card in crm.storefront.products(sorted(draft.chosen_products))}
    found: list[Complaint] = []
    for block in draft.blocks:
        found += [
            Complaint(block.number, "products", 0, "unknown_product", {"product": one})
            for one in block.products
            if one not in known
        ]
        if block.source in {"search", "category"}:
            query, category = (block.query, "") if block.source == "search" else ("", block.query)
            if not found_products(crm.storefront, query=query, category=category, limit=1):
                found.append(Complaint(block.number, "query", 0, "finds_nothing", {}))
    return found


@dataclass(frozen=True)
class Reach:
    """Who would get a mailing if it began now. Each mailbox of the audience is counted once, recipients by person.

    `other_mailbox`: those whose owner gets it in another one of theirs.
    `later`: of `sampled` recipients, how many would have to wait, by the budget's reason.
    """

    audience: int
    not_agreed: int
    blocked: int
    other_mailbox: int
    held_out: int
    gets: int
    sampled: int = 0
    later: Mapping[str, int] = field(default_factory=dict)


def reach_of(session: Session, mailing: Mailing, *, budget: Budget, now: datetime, window: timedelta) -> Reach:
    """Counted in the database; the contact budget is asked for a sample.

    Args:
        window: ECRM_IDENTITY_DAYS.

    Raises:
        LookupError: where its segment is gone.
    """
    members = audience_query(session, mailing, now=now, window=window).subquery()
    wanted = _wants(mailing.topic)
    counts = session.execute(
        select(
            func.count(),
            func.sum(case((Contact.blocked > 0, 1), else_=0)),
            func.sum(case(((Contact.blocked == 0) & ~wanted, 1), else_=0)),
            func.count(
                case(((Contact.blocked == 0) & wanted, func.coalesce(Contact.customer_id, -Contact.id))).distinct()
            ),
        )
        .select_from(Contact)
        .where(Contact.id.in_(select(members.c.id)))
    ).one()
    audience, blocked, not_agreed, people = (int(one or 0) for one in counts)
    other_mailbox = audience - blocked - not_agreed - people
    held_out = round(people * mailing.holdout_percent / 100)
    sampled, later = _later(
        session, mailing, recipients(session, mailing, now=now, limit=SAMPLE, window=window), budget, now
    )
    return Reach(audience, not_agreed, blocked, other_mailbox, held_out, people - held_out, sampled, later)


def audience_query(session: Session, mailing: Mailing, *, now: datetime, window: timedelta) -> Select[Any]:
    """The contacts of its segment; without one, everybody who ever said something about its topic."""
    if mailing.segment_id is not None:
        return matching(session, rules_of(session, mailing.segment_id), now=now, window=window)
    return (
        select(Contact.id)
        .join(Subscription, Subscription.contact_id == Contact.id)
        .where(Subscription.topic == mailing.topic, Contact.folded.is_not(None))
    )


def recipients(
    session: Session, mailing: Mailing, *, now: datetime, limit: int, window: timedelta, after: int = 0
) -> Sequence[Contact]:
    """Contacts that may get it, each person's best of the audience, by their numbers from `after` on."""
    members = audience_query(session, mailing, now=now, window=window).subquery()

    def may(contact: Any) -> Any:
        fine = and_(contact.blocked == 0, contact.folded.is_not(None), _wants(mailing.topic, contact))
        return and_(contact.id.in_(select(members.c.id)), fine) if contact is Contact or mailing.segment_id else fine

    other = aliased(Contact)
    better = (
        select(other.id)
        .join(Customer, Customer.id == other.customer_id)
        .where(other.customer_id == Contact.customer_id, other.id != Contact.id, may(other))
        .where(tuple_(*best_first(other)) < tuple_(*best_first(Contact)))
        .correlate(Contact)
        .exists()
    )
    query = select(Contact).where(may(Contact), ~better, Contact.id > after).order_by(Contact.id).limit(limit)
    return session.scalars(query).all()


def _wants(topic: str, contact: Any = Contact) -> Any:
    return (
        select(Subscription.contact_id)
        .where(Subscription.contact_id == contact.id, Subscription.topic == topic, Subscription.wanted)
        .correlate(contact)
        .exists()
    )


@dataclass
class _Candidate:
    """An e-mail that would be claimed, as the budget wants to see it."""

    id: int
    contact_id: int | None
    customer_id: int | None
    source: str
    priority: int
    transactional: bool
    queued_at: datetime
    content: dict[str, Any]


def _later(
    session: Session, mailing: Mailing, sample: Sequence[Contact], budget: Budget, now: datetime
) -> tuple[int, dict[str, int]]:
    kept = [
        one
        for one in sample
        if fraction(mailing.id, lot_of(one.id, one.customer_id), "holdout") * 100 >= mailing.holdout_percent
    ]
    asked = [
        _Candidate(-one.id, one.id, one.customer_id, f"mailing:{mailing.id}", mailing.priority, False, now, {})
        for one in kept
    ]
    against = budget.admit(session, asked, now=now)
    reasons = Counter(_short(one.reason) for one in against.values())
    return len(kept), dict(reasons.most_common())


def _short(reason: str) -> str:
    """Without whose e-mail went first, when and where, which differs from person to person."""
    return _DETAIL.sub("", reason.partition(": ")[0])
