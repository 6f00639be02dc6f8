"""Why a customer was (not) mailed: what they agreed to, what holds mailboxes back, the flows they are in, each e-mail
with its state and reason, and what the contact budget would answer at this moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from mailer.budget import Budget, Deferred, Refused
from mailer.consent import Subscription, Topic
from mailer.contacts import Contact
from mailer.flows.entry import FlowEntry, FlowSetting
from mailer.flows.flow import Flow
from mailer.flows.registry import FLOWS
from mailer.outbox import Email
from mailer.suppression import Suppression, standing

SHOWN = 15


@dataclass(frozen=True)
class Mailbox:
    """One of a customer's mailboxes: topics with their latest word and its day, and what holds it back."""

    contact: Contact
    topics: Sequence[Subscription]
    held_back: Sequence[Suppression]
    budget: Deferred | Refused | None

    @property
    def wanted(self) -> set[str]:
        return {one.topic for one in self.topics if one.wanted}


@dataclass(frozen=True)
class Standing:
    """A flow and this person: their latest time in it, or in a word why there is none.

    `why`: off | no_mailbox | not_wanted | blocked | no_cause; empty where they entered.
    """

    flow: Flow
    entry: FlowEntry | None
    times: int
    why: str


@dataclass(frozen=True)
class Mailed:
    """All of it for one customer."""

    mailboxes: Sequence[Mailbox]
    flows: Sequence[Standing]
    emails: Sequence[Email]


def mailed(session: Session, customer_id: int, *, budget: Budget, now: datetime) -> Mailed:
    """What is known of a customer's e-mails; asks the same budget as the sender."""
    contacts = session.scalars(select(Contact).where(Contact.customer_id == customer_id).order_by(Contact.id)).all()
    mailboxes = [_mailbox(session, contact, budget, now) for contact in contacts]
    ids = [contact.id for contact in contacts]
    entries = session.scalars(
        select(FlowEntry)
        .where(or_(FlowEntry.customer_id == customer_id, FlowEntry.contact_id.in_(ids)))
        .order_by(FlowEntry.id.desc())
    ).all()
    settings = {one.flow: one for one in session.scalars(select(FlowSetting))}
    flows = [_standing(flow, entries, mailboxes, settings.get(flow.name)) for flow in FLOWS]
    emails = session.scalars(
        select(Email)
        .where(or_(Email.customer_id == customer_id, Email.contact_id.in_(ids)))
        .order_by(Email.id.desc())
        .limit(SHOWN)
    ).all()
    return Mailed(mailboxes, flows, emails)


@dataclass
class _AnyPromotion:
    """Something of no special importance that were due now."""

    contact_id: Any
    customer_id: Any
    queued_at: Any
    id: Any = 0
    transactional: Any = False
    priority: Any = 0
    source: Any = ""
    content: Any = field(default_factory=dict)


def _mailbox(session: Session, contact: Contact, budget: Budget, now: datetime) -> Mailbox:
    topics = select(Subscription).where(Subscription.contact_id == contact.id).order_by(Subscription.topic)
    asked = _AnyPromotion(contact.id, contact.customer_id, now)
    return Mailbox(
        contact,
        session.scalars(topics).all(),
        standing(session, contact.id),
        budget.admit(session, [asked], now=now).get(0),
    )


def _standing(
    flow: Flow, entries: Sequence[FlowEntry], mailboxes: Sequence[Mailbox], setting: FlowSetting | None
) -> Standing:
    ours = [entry for entry in entries if entry.flow == flow.name]
    return Standing(flow, ours[0] if ours else None, len(ours), "" if ours else _why_not(flow, mailboxes, setting))


def _why_not(flow: Flow, mailboxes: Sequence[Mailbox], setting: FlowSetting | None) -> str:
    if not (setting.switched_on if setting is not None else flow.starts_on):
        return "off"
    if not mailboxes:
        return "no_mailbox"
    if all(one.contact.blocked for one in mailboxes):
        return "blocked"
    if not any(Topic(flow.topic) in one.wanted and not one.contact.blocked for one in mailboxes):
        return "not_wanted"
    return "no_cause"
