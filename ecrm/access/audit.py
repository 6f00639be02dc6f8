"""Audit: the append-only record of which member of staff opened whose data, when and for what reason."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, String, bindparam, event, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ecrm.storefront import Staff
from tracking.kept import Kept
from tracking.record import BigId, Record

SAME_LOOK = timedelta(minutes=15)


class Action(StrEnum):
    """What is worth recording."""

    CUSTOMER_OPENED = "customer_opened"
    CUSTOMER_NOT_FOUND = "customer_not_found"
    CUSTOMERS_LISTED = "customers_listed"
    DELIVERY_OPENED = "delivery_opened"
    PARCEL_SCANNED = "parcel_scanned"
    PARCEL_DELIVERED = "parcel_delivered"
    PARCELS_ENTERED = "parcels_entered"
    UNITS_CHECKED = "units_checked"
    UNITS_ENTERED = "units_entered"
    EMAIL_READ = "email_read"
    EMAIL_SENT_AGAIN = "email_sent_again"
    DOUBTFUL_SENT_AGAIN = "doubtful_sent_again"
    CASE_OPENED = "case_opened"
    CASES_CHANGED = "cases_changed"
    CASE_FILE_READ = "case_file_read"
    DESK_CHANGED = "desk_changed"
    EVENTS_READ = "events_read"
    EVENTS_ERASED = "events_erased"
    RECOMMENDATIONS_READ = "recommendations_read"
    ORDERS_EXPORTED = "orders_exported"
    REACTION_RETRIED = "reaction_retried"
    WRITE_KEY_MADE = "write_key_made"
    WRITE_KEY_REVOKED = "write_key_revoked"
    CLAIM_TAKEN_BACK = "claim_taken_back"
    CLAIM_PUT_BACK = "claim_put_back"
    EXPERIMENT_STARTED = "experiment_started"
    EXPERIMENT_STOPPED = "experiment_stopped"
    HELD_OUT_EXPORTED = "held_out_exported"
    CAMPAIGN_CHANGED = "campaign_changed"
    COSTS_CHANGED = "costs_changed"
    RULE_MADE = "rule_made"
    RULE_ENDED = "rule_ended"
    SEGMENT_CHANGED = "segment_changed"
    SEGMENT_READ = "segment_read"
    LIST_CHANGED = "list_changed"
    MODEL_CHOSEN = "model_chosen"
    SUPPRESSION_SEARCHED = "suppression_searched"
    SUPPRESSED = "suppressed"
    SUPPRESSION_LIFTED = "suppression_lifted"
    SUPPRESSIONS_IMPORTED = "suppressions_imported"
    SUPPRESSIONS_EXPORTED = "suppressions_exported"
    PAUSE_RELEASED = "pause_released"
    MAILBOX_ERASED = "mailbox_erased"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    FLOW_CHANGED = "flow_changed"
    MAILING_CHANGED = "mailing_changed"
    MAILING_PREVIEWED = "mailing_previewed"
    MAILING_TESTED = "mailing_tested"
    MAILING_SCHEDULED = "mailing_scheduled"
    MAILING_WITHDRAWN = "mailing_withdrawn"
    MAILING_PAUSED = "mailing_paused"
    MAILING_RESUMED = "mailing_resumed"
    MAILING_STOPPED = "mailing_stopped"
    POLICY_CHANGED = "policy_changed"
    QUESTION_JUDGED = "question_judged"
    RETURN_READ = "return_read"
    RETURN_DECIDED = "return_decided"
    RETURN_RECEIVED = "return_received"
    RETURN_PAID_BACK = "return_paid_back"
    REVIEW_SHOWN = "review_shown"
    REVIEW_HIDDEN = "review_hidden"
    REVIEW_ANSWERED = "review_answered"


class AuditEntry(Record):
    """One deed of one member of staff. `subject` is `customer:<id>`, `email:<id>` …: a row, not a name."""

    __tablename__ = "ecrm_audit"
    __table_args__ = (Index(None, "subject", "at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(String(64))
    staff_name: Mapped[str] = mapped_column(String(100))
    role: Mapped[str] = mapped_column(String(20))
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(200), default="")
    reason: Mapped[str] = mapped_column(String(200), default="")


class AppendOnly(RuntimeError):
    """Somebody tried to change or delete an audit entry."""


def at_command_line() -> Staff:
    """Whoever runs a command, who may do everything: by the name that the machine knows them by."""
    return Staff(staff_id="command line", name=getpass.getuser(), role="owner")


def record(
    session: Session, staff: Staff, action: Action, *, subject: str = "", reason: str = "", now: datetime
) -> AuditEntry:
    """Write down a deed; committed with the caller's transaction."""
    entry = AuditEntry(
        at=now, staff_id=staff.staff_id, staff_name=staff.name[:100], role=staff.role,
        action=action, subject=subject[:200], reason=reason[:200],
    )  # fmt: skip
    session.add(entry)
    return entry


_ENTRY = AuditEntry.__table__.c
_GOING_ON = Kept(
    select(_ENTRY.id)
    .where(
        _ENTRY.subject == bindparam("subject"), _ENTRY.at > bindparam("since"), _ENTRY.staff_id == bindparam("staff"),
        _ENTRY.action == bindparam("action"), _ENTRY.reason == bindparam("reason"),
    )
    .limit(1)
)  # fmt: skip


def record_look(
    session: Session, staff: Staff, action: Action, *, subject: str, reason: str, now: datetime
) -> AuditEntry | None:
    """Write down a look, unless it goes on: same person, subject, action and reason within `SAME_LOOK`.

    Paging through a timeline is one look; None is returned then.
    """
    session.flush()  # a look of this transaction counts, too
    going_on = _GOING_ON.tuples(
        session.connection(), subject=subject, since=now - SAME_LOOK, staff=staff.staff_id, action=str(action),
        reason=reason[:200],
    )  # fmt: skip
    if going_on:
        return None
    return record(session, staff, action, subject=subject, reason=reason, now=now)


def entries(
    session: Session, *, before_id: int | None = None, action: Action | None = None, subject: str = "", limit: int
) -> Sequence[AuditEntry]:
    """The record, newest first, from before an entry's id on."""
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(AuditEntry.id < before_id)
    if action is not None:
        query = query.where(AuditEntry.action == action)
    if subject:
        query = query.where(AuditEntry.subject == subject)
    return session.scalars(query).all()


@event.listens_for(AuditEntry, "before_update")
@event.listens_for(AuditEntry, "before_delete")
def _refuse(_mapper: Any, _connection: Any, entry: AuditEntry) -> None:
    raise AppendOnly(f"audit entry {entry.id} can't be changed or deleted")
