"""Telling who asked that a question is answered: one e-mail a person and question, by a job."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ecrm.installation import Installation
from ecrm.letters import absolute, post, shop_context, write
from mailer.addressing import BadHeader
from mailer.contacts import Contact

from .questions import ProductAnswer, ProductQuestion, QuestionFollower, QuestionState

log = logging.getLogger("ecrm.voice")
AT_ONCE = 100


def tell_answered(crm: Installation, *, now: datetime) -> int:
    """Queue the letters that are due; returns how many were told. Each in a transaction of its own."""
    with crm.sessions() as session:
        due = _due(session)
    told = 0
    for question_id, contact_id in due:
        with crm.app.app_context(), crm.sessions.begin() as session:
            told += _tell(crm, session, question_id, contact_id, now=now)
    return told


def _due(session: Session) -> list[tuple[int, int]]:
    answered = select(ProductAnswer.id).where(
        ProductAnswer.question_id == QuestionFollower.question_id, ProductAnswer.state == QuestionState.SHOWN
    )
    query = (
        select(QuestionFollower.question_id, QuestionFollower.contact_id)
        .join(ProductQuestion, ProductQuestion.id == QuestionFollower.question_id)
        .where(
            QuestionFollower.confirmed, QuestionFollower.told_at.is_(None),
            ProductQuestion.state == QuestionState.SHOWN, answered.exists(),
        )
        .order_by(QuestionFollower.since, QuestionFollower.contact_id)
        .limit(AT_ONCE)
    )  # fmt: skip
    return [(row[0], row[1]) for row in session.execute(query)]


def _tell(crm: Installation, session: Session, question_id: int, contact_id: int, *, now: datetime) -> int:
    taken: Any = session.execute(
        update(QuestionFollower)
        .where(
            QuestionFollower.question_id == question_id, QuestionFollower.contact_id == contact_id,
            QuestionFollower.told_at.is_(None),
        )
        .values(told_at=now)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    question, contact = session.get(ProductQuestion, question_id), session.get(Contact, contact_id)
    said = session.scalar(
        select(ProductAnswer)
        .where(ProductAnswer.question_id == question_id, ProductAnswer.state == QuestionState.SHOWN)
        .order_by(ProductAnswer.staff_id == "", ProductAnswer.answered_at, ProductAnswer.id)
        .limit(1)
    )
    if not taken.rowcount or question is None or said is None or contact is None or not contact.address:
        return 0
    try:
        with shop_context(crm) as facts:
            cards = crm.storefront.products([question.product])
            letter = write(
                facts, template="question_answered",
                context={
                    "question": question.words, "answer": said.words, "by_shop": bool(said.staff_id),
                    "own": question.contact_id == contact_id, "product": cards[0].name if cards else "",
                    "link": absolute(facts, f"{cards[0].url}#questions" if cards else "/"),
                },
                to_address=contact.address,
            )  # fmt: skip
    except BadHeader:
        log.warning("contact %s wasn't told of an answer: the address can't be written to", contact_id)
        return 0
    key = f"question-answered:{question_id}:{contact_id}"
    return int(post(session, letter, dedup_key=key, customer_id=contact.customer_id, now=now) is not None)
