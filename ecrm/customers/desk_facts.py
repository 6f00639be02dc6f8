"""Desk facts: what somebody who answers a customer looks at first — cases, notes, pieces, offers, latest e-mails —
each by one indexed statement that is built once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, func, select
from sqlalchemy.orm import Session

from ecrm.service import cases, units
from ecrm.service.notes import CustomerNote, notes_of
from ecrm.service.offers_shown import Offer, offers_shown
from ecrm.service.units import Unit
from mailer.engagement import Deed, Engagement
from mailer.outbox import Email

CASES_SHOWN = 6
EMAILS_SHOWN = 8


@dataclass(frozen=True)
class DeskFacts:
    """`cases` and `emails` are the newest; an e-mail's row has `clicked` and `opened` (None where nobody did, as far as
    is known)."""

    cases: Sequence[Any]
    notes: Sequence[CustomerNote]
    units: Sequence[Unit]
    offers: Sequence[Offer]
    emails: Sequence[Any]

    @property
    def open_cases(self) -> int:
        """Of those shown: nobody has more open ones at once."""
        return sum(one.state in cases.UNSOLVED for one in self.cases)


_CASE, _EMAIL, _DONE = cases.Case.__table__.c, Email.__table__.c, Engagement.__table__.c
_CASES = (
    select(
        _CASE.id, _CASE.reference, _CASE.subject, _CASE.kind, _CASE.state, _CASE.priority, _CASE.owner,
        _CASE.opened_at, _CASE.last_message_at, _CASE.next_due, _CASE.satisfaction,
    )
    .where(_CASE.customer_id == bindparam("customer"), _CASE.spam.is_(False), _CASE.merged_into.is_(None))
    .order_by(_CASE.last_message_at.desc(), _CASE.id.desc())
    .limit(CASES_SHOWN)
)  # fmt: skip


def _first(deed: Deed) -> Any:
    return func.min(case((_DONE.deed == deed.value, _DONE.at)))


_NEWEST = (
    select(
        _EMAIL.id, _EMAIL.subject, _EMAIL.template, _EMAIL.state, _EMAIL.reason, _EMAIL.last_error, _EMAIL.sent_at,
        _EMAIL.queued_at, _EMAIL.transactional,
    )
    .where(_EMAIL.customer_id == bindparam("customer"))
    .order_by(_EMAIL.queued_at.desc(), _EMAIL.id.desc())
    .limit(EMAILS_SHOWN)
    .subquery()
)  # fmt: skip
_EMAILS = (
    select(*_NEWEST.c, _first(Deed.CLICK).label("clicked"), _first(Deed.OPEN).label("opened"))
    .join_from(
        _NEWEST, Engagement.__table__, (_DONE.email_id == _NEWEST.c.id) & (_DONE.machine == ""), isouter=True
    )
    .group_by(*_NEWEST.c)
    .order_by(_NEWEST.c.queued_at.desc(), _NEWEST.c.id.desc())
)  # fmt: skip


def desk_facts(session: Session, customer_id: int, *, now: datetime) -> DeskFacts:
    """All of it for one customer."""
    connection, whose = session.connection(), {"customer": customer_id}
    return DeskFacts(
        cases=connection.execute(_CASES, whose).all(),
        notes=notes_of(session, customer_id),
        units=units.of_customer(session, customer_id),
        offers=offers_shown(session, customer_id, now=now),
        emails=connection.execute(_EMAILS, whose).all(),
    )
