"""Copies: whom else an answer may go to, because a letter of its case named them. Who gets one is an agent's choice."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking.customers import CustomerEmail
from tracking.email_address import fold

from .cases import Case, CaseMessage, CaseRecipient, Direction, Field
from .desk_addresses import bare

MOST = 20
"""Of an answer; a letter that names more people is no conversation."""


@dataclass(frozen=True)
class Other:
    """Somebody whom a letter named. `theirs`: another mailbox of the case's own customer. `joined`: they wrote in by
    themselves, and no letter of anybody else named them."""

    address: str
    folded: str
    theirs: bool
    joined: bool = False


def others_of(session: Session, case: Case, *, own: Collection[str]) -> list[Other]:
    """Everybody whom people's letters of a case named or who wrote in it, but the one who is answered anyway and
    ourselves. Whom a workshop's letter names is no business of the customer's.

    Args:
        own: our own addresses, folded.
    """
    by_others = (CaseMessage.direction == Direction.IN) & (CaseRecipient.field != Field.FROM)
    query = (
        select(CaseRecipient.address, CaseRecipient.folded, by_others)
        .join(CaseMessage, CaseMessage.id == CaseRecipient.message_id)
        .where(
            CaseMessage.case_id == case.id,
            CaseRecipient.folded != case.from_folded,
            CaseMessage.automatic.is_(False),
            CaseMessage.from_workshop.is_(False),
        )
        .order_by(CaseMessage.at.desc(), CaseRecipient.id)
    )
    ours = {bare(one) for one in own}
    rows = [row for row in session.execute(query) if bare(row[1]) not in ours]
    named = {folded: address for address, folded, _by_others in rows}
    invited = {folded for _address, folded, named_by_others in rows if named_by_others}
    theirs = set(
        session.scalars(
            select(CustomerEmail.folded).where(
                CustomerEmail.customer_id == case.customer_id, CustomerEmail.folded.in_(named)
            )
        )
    )
    return [
        Other(address, folded, theirs=folded in theirs, joined=folded not in invited)
        for folded, address in list(named.items())[:MOST]
    ]


def chosen(others: Collection[Other], wanted: Collection[str]) -> tuple[Other, ...] | None:
    """Those that an agent chose, each once; None where one of them is none of these."""
    known, asked = {one.folded: one for one in others}, dict.fromkeys(fold(one) for one in wanted)
    return tuple(known[one] for one in asked) if all(one in known for one in asked) else None
