"""Adopting: cases that came from an address before anybody was known by it join whoever proves that it is theirs.

Only a proof does so. A guest's order, or an account that names an address, shows no more than that somebody typed it.
And only what the address itself wrote: a letter that another site passed on in its name stays nobody's.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracking.email_address import fold

from .case import Case
from .changing import Changes, change
from .message import CaseMessage, Direction

AT_ONCE = 500
"""Of more, which only a flood leaves, the rest waits for the next proof: whoever signs in doesn't wait for them."""
PROVED = "address_proved"


def adopt_nameless(session: Session, address: str, *, customer_id: int, now: datetime) -> int:
    """Put the cases of exactly this address that are nobody's to the customer who proved it, in the caller's
    transaction; says how many. They are looked for over the address: nobody's cases may be very many."""
    folded = fold(address)[:254]
    wrote = (
        select(CaseMessage.from_folded)
        .where(CaseMessage.case_id == Case.id, CaseMessage.direction == Direction.IN)
        .order_by(CaseMessage.at, CaseMessage.id)
        .limit(1)
        .scalar_subquery()
    )
    found = session.scalars(
        select(Case)
        .where(Case.from_folded == folded, func.coalesce(Case.customer_id, 0) == 0)
        .where(Case.erased_at.is_(None), wrote == folded)
        .order_by(Case.last_message_at.desc(), Case.id.desc())
        .limit(AT_ONCE)
    ).all() if address.strip() else ()  # fmt: skip
    for case in found:
        change(session, case, Changes(customer_id=customer_id), now=now, why=PROVED)
    return len(found)
