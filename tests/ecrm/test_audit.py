"""The audit is append-only, and one look is one entry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from ecrm.access.audit import Action, AppendOnly, entries, record, record_look
from ecrm.storefront import Staff

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SAM = Staff(staff_id="7", name="Sam", role="support")
KIM = Staff(staff_id="8", name="Kim", role="support")


def look(session: Session, staff: Staff = SAM, *, reason: str = "customer asked", minutes: int = 0) -> bool:
    made = record_look(
        session, staff, Action.CUSTOMER_OPENED,
        subject="customer:1", reason=reason, now=NOW + timedelta(minutes=minutes),
    )  # fmt: skip
    session.flush()
    return made is not None


def test_paging_through_a_person_is_one_look_and_coming_back_later_is_another(session: Session) -> None:
    assert look(session)
    assert not look(session, minutes=14)
    assert look(session, minutes=16)


def test_another_reason_or_another_member_of_staff_is_another_look(session: Session) -> None:
    assert look(session)
    assert look(session, reason="complaint")
    assert look(session, KIM)


def test_an_entry_can_be_neither_changed_nor_deleted(session: Session) -> None:
    entry = record(session, SAM, Action.EMAIL_READ, subject="email:1", now=NOW)
    session.commit()
    entry.reason = "never happened"
    with pytest.raises(AppendOnly):
        session.flush()
    session.rollback()
    session.delete(entry)
    with pytest.raises(AppendOnly):
        session.flush()


def test_entries_come_newest_first_and_can_be_narrowed(session: Session) -> None:
    for number in range(5):
        record(session, SAM, Action.EMAIL_READ, subject=f"email:{number}", now=NOW)
    record(session, SAM, Action.CUSTOMER_OPENED, subject="customer:1", now=NOW)
    session.flush()
    first = entries(session, limit=2)
    assert [entry.subject for entry in first] == ["customer:1", "email:4"]
    assert [entry.subject for entry in entries(session, before_id=first[-1].id, limit=2)] == ["email:3", "email:2"]
    assert len(entries(session, action=Action.EMAIL_READ, limit=9)) == 5
    assert [entry.subject for entry in entries(session, subject="email:0", limit=9)] == ["email:0"]


def test_texts_longer_than_their_columns_are_cut_and_not_refused(session: Session) -> None:
    record(session, SAM, Action.CUSTOMER_NOT_FOUND, subject="x" * 900, reason="y" * 900, now=NOW)
    session.commit()
    assert len(entries(session, limit=1)[0].subject) == 200
