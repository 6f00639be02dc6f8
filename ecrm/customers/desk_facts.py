"""Desk facts: what somebody who answers a customer looks at first — cases, calls, returns, notes, pieces,
offers, latest e-mails — each by one indexed statement that is built once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, func, select, union_all
from sqlalchemy.orm import Session

from ecrm.service import cases, units
from ecrm.service.calls import Call
from ecrm.service.notes import CustomerNote, notes_of
from ecrm.service.offered import Offered, offered
from ecrm.service.units import Unit
from mailer.engagement import Deed, Engagement
from mailer.outbox import Email
from tracking.customers import Customer, CustomerEmail
from tracking.delivery.returns import Return
from tracking.kept import Kept

CASES_SHOWN = 6
CALLS_SHOWN = 4
RETURNS_SHOWN = 5
EMAILS_SHOWN = 8


@dataclass(frozen=True)
class DeskFacts:
    """`cases`, `calls`, `returns` and `emails` are the newest; an e-mail's row has `clicked` and `opened` (None where
    nobody did, as far as is known). `nameless`: cases that came from an address of theirs when nobody had proved it."""

    cases: Sequence[Any]
    nameless: Sequence[Any]
    calls: Sequence[Any]
    returns: Sequence[Any]
    notes: Sequence[CustomerNote]
    units: Sequence[Unit]
    offered: Offered
    emails: Sequence[Any]

    @property
    def open_cases(self) -> int:
        """Of those shown: nobody has more open ones at once."""
        return sum(one.state in cases.UNSOLVED for one in self.cases)


_CALL, _RETURN = Call.__table__.c, Return.__table__.c
_CASE, _EMAIL, _DONE = cases.Case.__table__.c, Email.__table__.c, Engagement.__table__.c
_CASES = Kept(
    select(
        _CASE.id, _CASE.reference, _CASE.subject, _CASE.kind, _CASE.state, _CASE.priority, _CASE.owner,
        _CASE.opened_at, _CASE.last_message_at, _CASE.next_due, _CASE.satisfaction,
    )
    .where(_CASE.customer_id == bindparam("customer"), _CASE.spam.is_(False), _CASE.merged_into.is_(None))
    .order_by(_CASE.last_message_at.desc(), _CASE.id.desc())
    .limit(CASES_SHOWN)
)  # fmt: skip

_ADDRESSES = union_all(
    select(CustomerEmail.folded).where(CustomerEmail.customer_id == bindparam("customer")),
    select(Customer.email_folded).where(Customer.id == bindparam("customer"), Customer.email_folded != ""),
)
_NAMELESS = Kept(
    select(_CASE.reference, _CASE.subject, _CASE.state, _CASE.from_folded, _CASE.last_message_at)
    .where(_CASE.from_folded.in_(_ADDRESSES), func.coalesce(_CASE.customer_id, 0) == 0)
    .where(_CASE.spam.is_(False), func.coalesce(_CASE.merged_into, 0) == 0)  # over the address: see adopt_nameless
    .order_by(_CASE.last_message_at.desc(), _CASE.id.desc())
    .limit(CASES_SHOWN)
)
_CALLS = Kept(
    select(
        _CALL.started_at, _CALL.direction, _CALL.outcome, _CALL.words, _CALL.staff_name,
        _CASE.reference.label("case"),
    )
    .join_from(Call.__table__, cases.Case.__table__, _CALL.case_id == _CASE.id, isouter=True)
    .where(_CALL.customer_id == bindparam("customer"))
    .order_by(_CALL.started_at.desc(), _CALL.id.desc())
    .limit(CALLS_SHOWN)
)  # fmt: skip
_RETURNS = Kept(
    select(_RETURN.reference, _RETURN.order_reference, _RETURN.state, _RETURN.reason, _RETURN.asked_at)
    .where(_RETURN.customer_id == bindparam("customer"))
    .order_by(_RETURN.asked_at.desc(), _RETURN.id.desc())
    .limit(RETURNS_SHOWN)
)


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
_EMAILS = Kept(
    select(*_NEWEST.c, _first(Deed.CLICK).label("clicked"), _first(Deed.OPEN).label("opened"))
    .join_from(
        _NEWEST, Engagement.__table__, (_DONE.email_id == _NEWEST.c.id) & (_DONE.machine == ""), isouter=True
    )
    .group_by(*_NEWEST.c)
    .order_by(_NEWEST.c.queued_at.desc(), _NEWEST.c.id.desc())
)  # fmt: skip


def desk_facts(session: Session, customer_id: int, *, now: datetime, zone: str = "UTC") -> DeskFacts:
    """All of it for one customer.

    Args:
        zone: the shop's, which decides what a day is.
    """
    connection = session.connection()
    return DeskFacts(
        cases=_CASES.rows(connection, customer=customer_id),
        nameless=_NAMELESS.rows(connection, customer=customer_id),
        calls=_CALLS.rows(connection, customer=customer_id),
        returns=_RETURNS.rows(connection, customer=customer_id),
        notes=notes_of(session, customer_id),
        units=units.of_customer(session, customer_id),
        offered=offered(session, customer_id, now=now, zone=zone),
        emails=_EMAILS.rows(connection, customer=customer_id),
    )
