"""What a customer takes home of e-mails, agreements and steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from ecrm.customers.checkout_memory import CheckoutMemory
from ecrm.customers.lists import ContactList, ListMember
from ecrm.recommending.choices import RecommendationChoice
from mailer.consent import ConsentEntry
from mailer.double_opt_in import ConsentRequest
from mailer.engagement import Engagement
from mailer.flows.entry import FlowEntry
from mailer.outbox import Email
from mailer.reports import MailReport
from mailer.suppression import Suppression
from mailer.waitlists import Wait
from tracking.clickstream.event import Event
from tracking.clickstream.sessions import Session as Visit

MOST = 100_000
_OF_WHOEVER_ENTERED_IT = ("person", "address", "contact_email")


def of_mail(session: Session, customer_id: int, mailboxes: Sequence[int]) -> dict[str, Any]:
    """What was sent to them and what became of it, what they agreed to and wait for.

    Not the letters' texts: some hold links that prove a mailbox, which an account may only have named. Nor whose name
    or whose other mailbox stood on them: a guest may have ordered under their address.
    """
    emails = session.scalars(select(Email).where(Email.customer_id == customer_id).order_by(Email.id).limit(MOST)).all()
    deeds: dict[int, list[dict[str, Any]]] = {}
    opened = select(Engagement).where(Engagement.contact_id.in_(mailboxes)).order_by(Engagement.id)
    for deed in session.scalars(opened.limit(MOST)):
        deeds.setdefault(deed.email_id, []).append({"what": deed.deed, "link": deed.link, "at": moment(deed.at)})
    return {
        "emails": [
            {"subject": one.subject, "to": one.to_address if one.contact_id in mailboxes else None,
             "order": one.order_reference, "at": moment(one.queued_at), "opened": deeds.get(one.id, [])}
            for one in emails
        ],
        "emails_that_came_back": [
            {"kind": one.kind, "said": one.diagnostic, "at": moment(one.at)}
            for one in _of(session, MailReport, mailboxes)
        ],
        "held_back": [
            {"reason": one.reason, "note": one.note, "at": moment(one.at), "until": moment(one.lifted_at)}
            for one in _of(session, Suppression, mailboxes)
        ],
        "agreed": [
            {"topic": one.topic, "given": one.given, "at": moment(one.at), "how": one.how, "words": one.wording,
             "shown_by": one.proof, "said_by": one.actor}
            for one in _of(session, ConsentEntry, mailboxes)
        ],
        "asked_to_agree": [
            {"topics": one.topics, "words": one.wording, "about": one.about, "at": moment(one.asked_at)}
            for one in _of(session, ConsentRequest, mailboxes)
        ],
        "waiting_for": [
            {"kind": one.kind, "what": one.subject, "state": one.state, "at": moment(one.asked_at)}
            for one in _of(session, Wait, mailboxes)
        ],
        "on_lists": [
            {"list": name, "at": moment(at)}
            for name, at in session.execute(
                select(ContactList.name, ListMember.added_at)
                .join(ListMember, ListMember.list_id == ContactList.id)
                .where(ListMember.contact_id.in_(mailboxes))
            )
        ],
        "series_of_emails": [
            {"series": one.flow, "order": one.order_reference, "about": one.data, "state": one.state,
             "at": moment(one.entered_at)}
            for one in _of(session, FlowEntry, mailboxes)
        ],
    }  # fmt: skip


def of_steps(session: Session, customer_id: int, *, account: str | None) -> dict[str, Any]:
    """Visits and steps that are joined to them, as they agreed; older steps lie in the archive until their time is
    over. And what the shop remembers for their next order, where this account entered it itself."""
    entered = (CheckoutMemory.customer_id == customer_id, CheckoutMemory.account == (account or ""))
    memory = session.scalar(select(CheckoutMemory).where(*entered, CheckoutMemory.account != ""))
    visits = select(Visit).where(Visit.customer_id == customer_id).order_by(Visit.started_at, Visit.id)
    steps = select(Event).where(theirs(customer_id)).order_by(Event.happened_at, Event.id)
    choices = select(RecommendationChoice).where(RecommendationChoice.customer_id == customer_id)
    return {
        "remembered_for_the_next_order": None if memory is None else {
            "address": memory.address, "delivery": memory.delivery_method, "payment": memory.payment_method,
            "order": memory.order_reference, "at": moment(memory.updated_at),
        },
        "visits": [
            {"at": moment(one.started_at), "first_page": one.entry_path, "came_from": one.referrer,
             "pages": one.page_views}
            for one in session.scalars(visits.limit(MOST))
        ],
        "steps": [
            {"what": one.name, "about": one.subject, "at": moment(one.happened_at),
             "details": _details(one, account)}
            for one in session.scalars(steps.limit(MOST))
        ],
        "recommendations_judged": [
            {"product": one.product, "choice": one.choice}
            for one in session.scalars(choices.order_by(RecommendationChoice.id))
        ],
    }  # fmt: skip


def theirs(customer_id: int) -> ColumnElement[bool]:
    """The steps that are known to be theirs, or of a visit that is."""
    visits, browsers = (
        select(column).where(Visit.customer_id == customer_id) for column in (Visit.id, Visit.visitor_id)
    )
    in_visits = and_(Event.customer_id.is_(None), Event.visitor_id.in_(browsers), Event.session_id.in_(visits))
    return or_(Event.customer_id == customer_id, in_visits)


def _details(step: Event, account: str | None) -> dict[str, Any]:
    """What a step said, without who and where where another entered that: a guest may have typed anybody's address."""
    person = step.properties.get("person")
    own = not isinstance(person, dict) or (bool(account) and person.get("customer_id") == account)
    left_out = {"visitor"} if own else {"visitor", *_OF_WHOEVER_ENTERED_IT}
    return {name: said for name, said in step.properties.items() if name not in left_out}


def moment(value: Any) -> str | None:
    """A moment as text that programs read."""
    return value.isoformat() if value is not None else None


def _of(session: Session, record: Any, mailboxes: Sequence[int]) -> Sequence[Any]:
    return session.scalars(select(record).where(record.contact_id.in_(mailboxes)).order_by(record.id).limit(MOST)).all()
