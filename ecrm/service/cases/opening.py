"""Opening a case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from ecrm.storefront import Staff
from tracking.customers import customer_by_email
from tracking.email_address import fold
from tracking.record import insert_once

from .arranger import arranger
from .case import NEVER, Case, Channel, Kind, Priority, State, new_reference
from .clock import reckon
from .finding import by_message_id
from .message import Direction
from .news import announce
from .saying import Said, add_message, one_line
from .step import log_step
from .words import note_words


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What a case begins with. Without a `customer_id` it belongs to the customer whose address `from_address` is,
    unless it is `unproved` that they wrote it.

    `said` is its first message; a case that staff open for themselves may begin with a note. `by`: who opens it, where
    that is staff. A `team_id` or `owner` that is given isn't routed.
    """

    channel: Channel
    subject: str
    kind: Kind = Kind.QUESTION
    said: Said | None = None
    customer_id: int | None = None
    from_address: str = ""
    from_name: str = ""
    language: str = ""
    priority: Priority = Priority.NORMAL
    order_reference: str = ""
    product: str = ""
    team_id: int | None = None
    owner: str = ""
    by: Staff | None = None
    spam: bool = False
    unproved: bool = False


def open_case(session: Session, opened: Opened, *, now: datetime) -> Case:
    """Open a case, in the caller's transaction.

    Returns:
        The case; the one that is there already, where its first message's Message-ID is known.
    """
    if opened.said is not None and (known := by_message_id(session, opened.said.message_id)) is not None:
        return known
    customer_id = opened.customer_id
    if customer_id is None and opened.from_address and not opened.unproved:
        customer = customer_by_email(session, opened.from_address)
        customer_id = customer.id if customer else None
    case = session.get_one(Case, _insert(session, opened, customer_id, now=now))
    log_step(session, case, "opened", now=now, by=opened.by, channel=case.channel, kind=case.kind)
    note_words(session, case.id, (case.subject, case.order_reference))
    if opened.said is not None:
        add_message(session, case, opened.said, now=now)
    arranger().opened(session, case, now=now)
    reckon(session, case)
    announce(session, case)
    session.flush()
    return case


def _insert(session: Session, opened: Opened, customer_id: int | None, *, now: datetime) -> int:
    said = opened.said
    at = said.at if said is not None and said.at is not None and said.direction == Direction.IN else now
    values = {
        "version": 1, "customer_id": customer_id, "from_address": opened.from_address.strip()[:254],
        "from_folded": fold(opened.from_address)[:254] if opened.from_address else "",
        "from_name": one_line(opened.from_name, longest=200), "channel": opened.channel, "kind": opened.kind,
        "subject": one_line(opened.subject, longest=300), "language": opened.language[:8], "state": State.NEW,
        "priority": int(opened.priority), "team_id": opened.team_id, "owner": opened.owner,
        "order_reference": opened.order_reference[:64], "product": opened.product[:64], "opened_at": now,
        "last_message_at": min(at, now), "next_due": NEVER, "paused_seconds": 0, "reopened": 0, "spam": opened.spam,
        "satisfaction_words": "",
    }  # fmt: skip
    for _attempt in range(5):  # two of the same 40 random bits: once in a million cases' millionth
        made = insert_once(session, Case, {**values, "reference": new_reference()})
        if made is not None:
            return made
    raise RuntimeError("no reference was free in five tries")
