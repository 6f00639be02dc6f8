"""Copies: whom else an answer may go to, because a letter of its case named them. Who gets one is an agent's choice."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking.customers import CustomerEmail
from tracking.email_address import fold

from .cases import Case, CaseMessage, CaseRecipient
from .desk_addresses import bare

MOST = 20
"""Of an answer; a letter that names more people is no conversation."""


@dataclass(frozen=True)
class Other:
    """Somebody whom a letter named. `theirs`: another mailbox of the case's own customer."""

    address: str
    folded: str
    theirs: bool


def others_of(session: Session, case: Case, *, own: Collection[str]) -> list[Other]:
    """Everybody whom the letters of a case named or who wrote in it, but the one who is answered anyway and ourselves.

    Args:
        own: our own addresses, folded.
    """
    query = (
        select(CaseRecipient.address, CaseRecipient.folded)
        .join(CaseMessage, CaseMessage.id == CaseRecipient.message_id)
        .where(CaseMessage.case_id == case.id, CaseRecipient.folded != case.from_folded)
        .order_by(CaseMessage.at.desc(), CaseRecipient.id)
    )
    ours = {bare(one) for one in own}
    named = {folded: address for address, folded in session.execute(query) if bare(folded) not in ours}
    theirs = set(
        session.scalars(
            select(CustomerEmail.folded).where(
                CustomerEmail.customer_id == case.customer_id, CustomerEmail.folded.in_(named)
            )
        )
    )
    return [Other(address, folded, folded in theirs) for folded, address in list(named.items())[:MOST]]


def chosen(others: Collection[Other], wanted: Collection[str]) -> tuple[Other, ...] | None:
    """Those that an agent chose, each once; None where one of them is none of these."""
    known, asked = {one.folded: one for one in others}, dict.fromkeys(fold(one) for one in wanted)
    return tuple(known[one] for one in asked) if all(one in known for one in asked) else None
