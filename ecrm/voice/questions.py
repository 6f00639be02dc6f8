"""Product questions: asked in public, answered by staff or by verified buyers, with a notice to everybody who wants it.

A stranger's question waits unconfirmed until the link of a letter was used; then it waits for staff, or is shown at
once where the shop says so. Erasing its author empties and hides a question or an answer: who asked for a thing in
their own words may be known by them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.record import BigId, Record, insert_once

LONGEST_QUESTION, LONGEST_ANSWER, LONGEST_NAME = 1000, 4000, 60
UNCONFIRMED_LASTS = timedelta(days=14)
"""So long a stranger's question waits for its link."""
MOST_SHOWN = 200
"""Questions of a product that its page looks through."""


class QuestionState(StrEnum):
    """UNCONFIRMED: its mailbox isn't proved. WAITING: staff haven't read it."""

    UNCONFIRMED = "unconfirmed"
    WAITING = "waiting"
    SHOWN = "shown"
    HIDDEN = "hidden"


class ProductQuestion(Record):
    """`contact_id`: the mailbox that asked; `case_id`: the case by which it reached the desk."""

    __tablename__ = "ecrm_product_question"
    __table_args__ = (
        Index(None, "product", "state", "asked_at"), Index(None, "state", "asked_at"), Index(None, "customer_id"),
        Index(None, "contact_id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    product: Mapped[str] = mapped_column(String(64))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_customer.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_contact.id"))
    display_name: Mapped[str] = mapped_column(String(LONGEST_NAME), default="")
    words: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12))
    hidden_reason: Mapped[str] = mapped_column(String(200), default="")
    asked_at: Mapped[datetime]
    case_id: Mapped[int | None] = mapped_column(BigInteger)


class ProductAnswer(Record):
    """`staff_id` where the shop answers; else `customer_id` is a verified buyer."""

    __tablename__ = "ecrm_product_answer"
    __table_args__ = (
        Index(None, "question_id", "state"),
        Index(None, "state", "answered_at"),
        Index(None, "customer_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("ecrm_product_question.id"))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_customer.id"))
    staff_id: Mapped[str] = mapped_column(String(64), default="")
    display_name: Mapped[str] = mapped_column(String(100), default="")
    words: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12))
    answered_at: Mapped[datetime]


class QuestionFollower(Record):
    """A mailbox that wants to hear of the first answer that is shown; told once."""

    __tablename__ = "ecrm_question_follower"
    __table_args__ = (Index(None, "contact_id"),)

    question_id: Mapped[int] = mapped_column(ForeignKey("ecrm_product_question.id"), primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("ecrm_contact.id"), primary_key=True)
    since: Mapped[datetime]
    confirmed: Mapped[bool] = mapped_column(default=False)
    told_at: Mapped[datetime | None]


def ask(
    session: Session, *, product: str, words: str, display_name: str, customer_id: int | None, contact_id: int,
    state: QuestionState, now: datetime,
) -> ProductQuestion:  # fmt: skip
    """Keep a question; its asker follows it."""
    question = ProductQuestion(
        product=product, words=words, display_name=display_name, customer_id=customer_id, contact_id=contact_id,
        state=state, asked_at=now,
    )  # fmt: skip
    session.add(question)
    session.flush()
    follow(session, question.id, contact_id, confirmed=state != QuestionState.UNCONFIRMED, now=now)
    return question


def confirm(session: Session, question_id: int, contact_id: int, *, state: QuestionState) -> bool:
    """The mailbox of a question is proved; False where it was before, or the question is another's or gone."""
    moved: Any = session.execute(
        update(ProductQuestion)
        .where(
            ProductQuestion.id == question_id, ProductQuestion.contact_id == contact_id,
            ProductQuestion.state == QuestionState.UNCONFIRMED,
        )
        .values(state=state)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    return bool(moved.rowcount)


def follow(session: Session, question_id: int, contact_id: int, *, confirmed: bool, now: datetime) -> None:
    """ "Me too": a mailbox wants to hear of the answer; one that is proved later stays in its place."""
    values = {
        "question_id": question_id, "contact_id": contact_id, "since": now, "confirmed": confirmed, "told_at": None,
    }  # fmt: skip
    if insert_once(session, QuestionFollower, values) is None and confirmed:
        session.execute(
            update(QuestionFollower)
            .where(QuestionFollower.question_id == question_id, QuestionFollower.contact_id == contact_id)
            .values(confirmed=True)
            .execution_options(synchronize_session=False)
        )


def answer(
    session: Session, question: ProductQuestion, *, words: str, display_name: str, state: QuestionState,
    customer_id: int | None = None, staff_id: str = "", now: datetime,
) -> ProductAnswer:  # fmt: skip
    """Answer a question."""
    made = ProductAnswer(
        question_id=question.id, words=words, display_name=display_name[:100], state=state, customer_id=customer_id,
        staff_id=staff_id[:64], answered_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def shown_questions(session: Session, product: str) -> Sequence[ProductQuestion]:
    """Those of a product that everybody sees, the newest first."""
    query = select(ProductQuestion).where(
        ProductQuestion.product == product, ProductQuestion.state == QuestionState.SHOWN
    )
    newest = (ProductQuestion.asked_at.desc(), ProductQuestion.id.desc())
    return session.scalars(query.order_by(*newest).limit(MOST_SHOWN)).all()


def answers_to(session: Session, questions: Sequence[int], *, shown: bool) -> dict[int, list[ProductAnswer]]:
    """Answers by question, the shop's first, then the oldest first; only those that everybody sees, or all."""
    query = select(ProductAnswer).where(ProductAnswer.question_id.in_(questions))
    if shown:
        query = query.where(ProductAnswer.state == QuestionState.SHOWN)
    found: dict[int, list[ProductAnswer]] = {}
    order = (ProductAnswer.staff_id == "", ProductAnswer.answered_at, ProductAnswer.id)
    for one in session.scalars(query.order_by(*order)) if questions else ():
        found.setdefault(one.question_id, []).append(one)
    return found


def followers_of(session: Session, questions: Sequence[int]) -> dict[int, int]:
    """How many want to hear of each."""
    query = select(QuestionFollower.question_id, func.count()).where(
        QuestionFollower.question_id.in_(questions), QuestionFollower.confirmed
    )
    return {row[0]: row[1] for row in session.execute(query.group_by(QuestionFollower.question_id))}


def own_questions(session: Session, customer_id: int) -> Sequence[ProductQuestion]:
    """What a customer asked, the newest first."""
    query = select(ProductQuestion).where(ProductQuestion.customer_id == customer_id)
    return session.scalars(query.order_by(ProductQuestion.asked_at.desc(), ProductQuestion.id.desc())).all()


def forget_unconfirmed(session: Session, *, now: datetime) -> int:
    """Questions whose mailbox nobody proved."""
    old = select(ProductQuestion.id).where(
        ProductQuestion.state == QuestionState.UNCONFIRMED, ProductQuestion.asked_at < now - UNCONFIRMED_LASTS
    )
    unproved = QuestionFollower.confirmed.is_(False) & (QuestionFollower.since < now - UNCONFIRMED_LASTS)
    session.execute(
        delete(QuestionFollower)
        .where(QuestionFollower.question_id.in_(old) | unproved)
        .execution_options(synchronize_session=False)
    )
    gone: Any = session.execute(
        delete(ProductQuestion).where(ProductQuestion.id.in_(old)).execution_options(synchronize_session=False)
    )
    return int(gone.rowcount)


def forget_contact(session: Session, contact_id: int) -> None:
    """An erased mailbox asked nothing and follows nothing."""
    session.execute(delete(QuestionFollower).where(QuestionFollower.contact_id == contact_id))
    _empty(session, ProductQuestion, ProductQuestion.contact_id == contact_id)


def forget_customer(session: Session, customer_id: int) -> int:
    """Empty and hide what somebody asked and answered."""
    return _empty(session, ProductQuestion, ProductQuestion.customer_id == customer_id) + _empty(
        session, ProductAnswer, ProductAnswer.customer_id == customer_id
    )


def _empty(session: Session, record: type[Record], whose: Any) -> int:
    values: dict[str, Any] = {"customer_id": None, "words": "", "display_name": "", "state": QuestionState.HIDDEN}
    if record is ProductQuestion:
        values |= {"contact_id": None, "hidden_reason": ""}
    emptied: Any = session.execute(
        update(record).where(whose).values(**values).execution_options(synchronize_session=False)
    )
    return int(emptied.rowcount)
