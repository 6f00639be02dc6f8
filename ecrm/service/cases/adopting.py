"""Adopting: cases that came from an address before anybody was known by it join whoever proves that it is theirs.

Only a proof does so. A guest's order, or an account that names an address, shows no more than that somebody typed it.
And only what the address itself wrote: a letter that another site passed on in its name stays nobody's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from tracking.customers import Customer, CustomerEmail
from tracking.email_address import fold

from .case import Case
from .changing import Changes, change
from .message import CaseMessage, Direction

AT_ONCE = 20
"""Whoever signs in doesn't wait for more: `adopt_rest` takes what is left."""
ADDRESSES = 200
PROVED = "address_proved"
_first_wrote = (
    select(CaseMessage.from_folded)
    .where(CaseMessage.case_id == Case.id, CaseMessage.direction == Direction.IN)
    .order_by(CaseMessage.at, CaseMessage.id)
    .limit(1)
    .scalar_subquery()
)
"""Who wrote a case's first message."""


def adopt_nameless(session: Session, address: str, *, customer_id: int, now: datetime) -> int:
    """Put the cases of exactly this address that are nobody's to the customer who proved it, in the caller's
    transaction; says how many. They are looked for over the address: nobody's cases may be very many."""
    folded = fold(address)[:254]
    found = session.scalars(
        select(Case)
        .where(Case.from_folded == folded, func.coalesce(Case.customer_id, 0) == 0)
        .where(Case.erased_at.is_(None), Case.spam.is_(False), _first_wrote == folded)
        .order_by(Case.id)  # locks are taken in one order everywhere
        .limit(AT_ONCE)
    ).all() if address.strip() else ()  # fmt: skip
    for case in found:
        change(session, case, Changes(customer_id=customer_id), now=now, why=PROVED)
    return len(found)


def adopt_rest(sessions: sessionmaker[Session], *, now: datetime) -> int:
    """What proofs left over, in transactions of `AT_ONCE` cases; says how many cases found their customer."""
    with sessions() as session:
        left = _left(session)
    done = 0
    for address, customer_id in left:
        taken = AT_ONCE
        while taken == AT_ONCE:
            with sessions.begin() as session:
                taken = adopt_nameless(session, address, customer_id=customer_id, now=now)
            done += taken
    return done


def _left(session: Session) -> Sequence[tuple[str, int]]:
    """Addresses that an account proved and that cases of nobody came from: an account owns no other."""
    query = (
        select(CustomerEmail.folded, CustomerEmail.customer_id)
        .join(Customer, Customer.id == CustomerEmail.customer_id)
        .join(Case, Case.from_folded == CustomerEmail.folded)
        .where(Customer.reference.is_not(None), Case.customer_id.is_(None))
        .where(Case.erased_at.is_(None), Case.spam.is_(False), _first_wrote == CustomerEmail.folded)
        .distinct()
        .limit(ADDRESSES)
    )
    return [(row.folded, row.customer_id) for row in session.execute(query)]
