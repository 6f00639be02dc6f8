"""Unwritten e-mails: queued with what they are about; their words are written just before they are sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from tracking.record import insert_once

from .addressing import Mailbox
from .outbox import Email, State, message_id_for


def queue_unwritten(
    session: Session,
    *,
    dedup_key: str,
    template: str,
    sender: Mailbox,
    to: Mailbox,
    contact_id: int,
    topic: str,
    source: str,
    priority: int,
    content: Mapping[str, Any],
    due_at: datetime,
    now: datetime,
    customer_id: int | None = None,
    order_reference: str | None = None,
    mailing_id: int | None = None,
    entry_id: int | None = None,
    step: int = 0,
    variant: str = "",
) -> int | None:
    """Put a marketing e-mail without words into the outbox, in the caller's transaction.

    Args:
        content: what it is about, as JSON: ids and moments. `deadline` (ISO 8601): when it isn't worth sending any
            more; `any_day`: it may go out on public holidays.

    Returns:
        Its id, or None where this cause has its e-mail already.
    """
    values: dict[str, Any] = {
        "dedup_key": dedup_key,
        "template": template,
        "customer_id": customer_id,
        "contact_id": contact_id,
        "order_reference": order_reference,
        "topic": topic,
        "source": source,
        "mailing_id": mailing_id,
        "entry_id": entry_id,
        "step": step,
        "variant": variant,
        "priority": priority,
        "content": dict(content),
        "from_address": sender.address,
        "from_name": sender.name,
        "to_address": to.address,
        "to_name": to.name,
        "subject": "",
        "text": "",
        "html": "",
        "message_id": message_id_for(queued_at=now, domain=sender.domain),
        "transactional": False,
        "state": State.QUEUED,
        "attempts": 0,
        "doubts": 0,
        "queued_at": now,
        "due_at": due_at,
        "claimed_by": "",
        "last_error": "",
        "reason": "",
    }
    return insert_once(session, Email, values)
