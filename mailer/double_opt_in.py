"""Double opt-in: whoever types an address has to show that they read its mailbox before it is written to."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, String, func, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.record import BigId, Record

from .consent import Topic, allow_tracking, confirm, subscribe
from .suppression import Reason, lock, standing

LINK_LASTS = timedelta(days=7)
MAX_AN_HOUR, MAX_A_DAY = 3, 6
"""Letters to one address, whoever asks: enough for somebody who lost one, too few to annoy a stranger."""
KEPT = timedelta(days=30)
"""After this, an address that nobody confirmed is forgotten (`erasure.erase_unanswered`)."""
REFUSED = "refused"
"""Noted all the same: the time that an answer takes must not say that no letter is sent."""
TEMPLATE = "consent_confirm"
"""Of the letter that asks."""


class ConsentRequest(Record):
    """Somebody asked that this contact be written to; nothing is, until the link of the letter was used.

    `topics` and `wording`: what they agree to with it, word for word. `about`: what else waits for the confirmation
    (the product of a waitlist …), for whoever asked. `how`: where they asked.
    """

    __tablename__ = "ecrm_consent_request"
    __table_args__ = (Index(None, "contact_id", "asked_at"), Index(None, "asked_at"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("ecrm_contact.id"))
    topics: Mapped[list[str]]
    tracking: Mapped[bool] = mapped_column(default=False)
    wording: Mapped[str] = mapped_column(String(300))
    how: Mapped[str] = mapped_column(String(40))
    about: Mapped[dict[str, Any]] = mapped_column(default=dict)
    asked_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


def ask(
    session: Session, contact_id: int, topics: Collection[Topic], *, how: str, wording: str, now: datetime,
    about: dict[str, Any] | None = None, tracking: bool = False,
) -> int | None:  # fmt: skip
    """Note the request; one that is refused, too.

    Returns:
        Its id, for the link of the letter; None where no letter may be sent: too many were, or the mailbox complained
        or isn't there. Whoever asked must not learn which.
    """
    lock(session, contact_id)
    mine = (ConsentRequest.contact_id == contact_id, ConsentRequest.how != REFUSED)
    asked = select(func.count()).select_from(ConsentRequest).where(*mine)
    hour, day = (
        session.scalar(asked.where(ConsentRequest.asked_at > now - timedelta(hours=hours))) or 0 for hours in (1, 24)
    )
    held = any(one.reason != Reason.UNSUBSCRIBED for one in standing(session, contact_id))
    refused = held or hour >= MAX_AN_HOUR or day >= MAX_A_DAY
    values = {
        "contact_id": contact_id, "topics": [str(topic) for topic in topics], "tracking": tracking,
        "wording": wording[:300], "how": REFUSED if refused else how[:40], "about": about or {}, "asked_at": now,
    }  # fmt: skip
    request_id: int = session.execute(insert(ConsentRequest).values(values).returning(ConsentRequest.id)).scalar_one()
    return None if refused else request_id


def open_request(session: Session, request_id: int, contact_id: int, *, now: datetime) -> ConsentRequest | None:
    """The request of a link, without using it up; None once it is too old.

    A link says whose it is, too: SQLite gives the number of the last request again once an erasure has deleted it.
    """
    found = session.get(ConsentRequest, request_id, populate_existing=True)
    if found is None or found.contact_id != contact_id or found.asked_at <= now - LINK_LASTS:
        return None
    return found


def use_request(session: Session, request_id: int, contact_id: int, *, now: datetime) -> ConsentRequest | None:
    """The mailbox's reader said yes: confirm the mailbox and subscribe it. None where that was done before, or the
    link is too old."""
    used: Any = session.execute(
        update(ConsentRequest)
        .where(
            ConsentRequest.id == request_id,
            ConsentRequest.contact_id == contact_id,
            ConsentRequest.used_at.is_(None),
            ConsentRequest.how != REFUSED,
            ConsentRequest.asked_at > now - LINK_LASTS,
        )
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    if used.rowcount != 1:
        return None
    request = session.get_one(ConsentRequest, request_id, populate_existing=True)
    proof, wording = f"double opt-in:{request.id}", request.wording
    confirm(session, request.contact_id, now=now)
    subscribe(
        session, request.contact_id, [Topic(topic) for topic in request.topics], how=request.how, wording=wording,
        now=now, actor="contact", proof=proof,
    )  # fmt: skip
    if request.tracking:
        allow_tracking(
            session, request.contact_id, True, how=request.how, now=now, wording=wording, actor="contact", proof=proof
        )
    return request
