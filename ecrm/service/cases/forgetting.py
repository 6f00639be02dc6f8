"""Forgetting: cases lose every word and address that leads to a person; what figures are counted from stays."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, delete, or_, select, update
from sqlalchemy.orm import Session

from mailer.erasure import empty_letters, take_out_copies
from tracking.email_address import fold

from .case import NEVER, UNSOLVED, Case, State
from .message import AttachmentContent, CaseAttachment, CaseMessage, CaseRecipient, Direction, Field
from .step import FIGURES, CaseStep
from .words import CaseWord, note_words

Id = TypeVar("Id", int, str)
_AT_ONCE = 500


def forget_person(session: Session, *, customers: Collection[int], addresses: Collection[str], now: datetime) -> int:
    """Empty the cases of these customers and addresses, and what they wrote in others'; says how many cases.

    Cases that were still to be answered are closed: nobody is left to answer.
    """
    folded = [fold(address) for address in addresses if address.strip()]
    mine: list[ColumnElement[bool]] = []
    if customers:
        mine.append(Case.customer_id.in_(customers))
    if folded:
        mine.append(Case.from_folded.in_(folded))
    if not mine:
        return 0
    ids = session.scalars(select(Case.id).where(or_(*mine)).order_by(Case.id)).all()
    _empty(session, ids, now=now)
    if folded:
        theirs = session.execute(
            select(CaseMessage.id, CaseMessage.case_id).where(
                or_(CaseMessage.from_folded.in_(folded), CaseMessage.id.in_(_written_perhaps(folded)))
            )
        ).all()
        _empty_messages(session, [row.id for row in theirs])
        for case_id in sorted({row.case_id for row in theirs}):
            _note_words_anew(session, case_id)
        _forget_recipients(session, folded)
    return len(ids)


def forget_before(session: Session, moment: datetime, *, now: datetime, limit: int = 5000) -> int:
    """Empty cases that were closed before a moment; says how many. Called until there are none."""
    old = select(Case.id).where(Case.closed_at < moment, Case.erased_at.is_(None), Case.state == State.CLOSED)
    ids = session.scalars(old.order_by(Case.id).limit(limit)).all()
    _empty(session, ids, now=now)
    return len(ids)


def _empty(session: Session, ids: Sequence[int], *, now: datetime) -> None:
    for some in _batches(ids):
        messages = session.scalars(select(CaseMessage.id).where(CaseMessage.case_id.in_(some))).all()
        _empty_messages(session, messages)
        session.execute(delete(CaseWord).where(CaseWord.case_id.in_(some)))
        _change(session, CaseStep, CaseStep.case_id.in_(some) & CaseStep.what.not_in(FIGURES), detail={})
        _change(
            session, Case, Case.id.in_(some),
            from_address="", from_folded="", from_name="", subject="", satisfaction_words="", order_reference="",
            erased_at=now, version=Case.version + 1,
        )  # fmt: skip
        _change(
            session, Case, Case.id.in_(some) & Case.state.in_(UNSOLVED),
            state=State.CLOSED, solved_at=now, closed_at=now, waiting_since=now, next_due=NEVER,
        )  # fmt: skip


def _empty_messages(session: Session, ids: Sequence[int]) -> None:
    for some in _batches(ids):
        # the customer's own letters go with their mailbox; these went to a workshop, or to who was in copy
        notes = select(CaseMessage.email_id).where(CaseMessage.id.in_(some), CaseMessage.direction == Direction.NOTE)
        copies = select(CaseRecipient.email_id).where(CaseRecipient.message_id.in_(some))
        letters = {*session.scalars(notes), *session.scalars(copies)} - {None}
        empty_letters(session, [one for one in letters if one is not None])
        digests = session.scalars(select(CaseAttachment.digest).where(CaseAttachment.message_id.in_(some))).all()
        session.execute(delete(CaseAttachment).where(CaseAttachment.message_id.in_(some)))
        session.execute(delete(CaseRecipient).where(CaseRecipient.message_id.in_(some)))
        for few in _batches(sorted(set(digests))):
            still = select(CaseAttachment.id).where(CaseAttachment.digest == AttachmentContent.digest)
            session.execute(delete(AttachmentContent).where(AttachmentContent.digest.in_(few), ~still.exists()))
        _change(
            session, CaseMessage, CaseMessage.id.in_(some),
            text="", quoted="", html="", message_id=None, in_reply_to="", from_folded="",
        )  # fmt: skip
        _change(session, CaseMessage, CaseMessage.id.in_(some) & (CaseMessage.staff_id == ""), author_name="")


def _forget_recipients(session: Session, folded: Collection[str]) -> None:
    """Who got a copy is named in what the others got, too."""
    named = CaseRecipient.folded.in_(folded)
    answers = session.scalars(select(CaseRecipient.message_id).where(named).distinct()).all()
    for some in _batches(answers):
        letters = select(CaseMessage.email_id).where(CaseMessage.id.in_(some))
        copies = select(CaseRecipient.email_id).where(CaseRecipient.message_id.in_(some))
        sent = {*session.scalars(letters), *session.scalars(copies)} - {None}
        take_out_copies(session, [one for one in sent if one is not None], folded)
    session.execute(delete(CaseRecipient).where(named))


def _written_perhaps(folded: Collection[str]) -> Select[int]:
    """Letters that name one of them as their writer, sure or not."""
    return select(CaseRecipient.message_id).where(CaseRecipient.folded.in_(folded), CaseRecipient.field == Field.FROM)


def _note_words_anew(session: Session, case_id: int) -> None:
    case = session.get_one(Case, case_id)
    session.execute(delete(CaseWord).where(CaseWord.case_id == case_id))
    texts = session.scalars(select(CaseMessage.text).where(CaseMessage.case_id == case_id)).all()
    note_words(session, case_id, (case.subject, case.order_reference, *texts))


def _change(session: Session, record: type, which: ColumnElement[bool], **values: object) -> None:
    session.execute(update(record).where(which).values(values).execution_options(synchronize_session=False))


def _batches(ids: Sequence[Id]) -> Iterator[Sequence[Id]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]
