"""Made-up reviews and questions of a demo's own buyers, so that its product pages and its moderation aren't empty.

Each says in its words, or in the name under which it stands, that it is made up. Nobody is written to.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailer.contacts import Contact
from tracking.customers import Customer

from . import questions, reviews
from .buyers import bought_by
from .questions import QuestionFollower, QuestionState

MADE_UP = "Made up for the demo."


def simulate_reviews(
    session: Session,
    buyers: Sequence[Customer],
    said: Sequence[tuple[int, str, str]],
    *,
    about: Sequence[str],
    now: datetime,
) -> int:
    """Let these buyers say something of what they got, of these products where they did; says how many did.

    The first two wait to be read by staff, as those of buyers that the shop doesn't trust yet do.
    """
    done = 0
    for number, buyer in enumerate(buyers):
        got = bought_by(session, buyer.id)
        known = next((one for one in got if one.product in about), got[0] if got else None)
        if known is None:
            continue
        stars, title, words = said[number % len(said)]
        reviews.write_review(
            session, product=known.product, customer_id=buyer.id, order_reference=known.order_reference,
            said=reviews.Said(stars=stars, title=title, words=f"{words} ({MADE_UP})", display_name=_name(buyer)),
            show=done > 1, now=now - timedelta(hours=5 + 17 * number),
        )  # fmt: skip
        done += 1
    return done


def simulate_questions(
    session: Session,
    askers: Sequence[Customer],
    asked: Sequence[tuple[str, str]],
    *,
    about: Sequence[str],
    by: str,
    now: datetime,
) -> int:
    """Let them ask about these products, and the shop (`by`) answer where an answer is given; says how many asked."""
    done = 0
    for number, (asker, product, (words, reply)) in enumerate(zip(askers, about, asked, strict=False)):
        contact = session.scalar(select(Contact).where(Contact.customer_id == asker.id).limit(1))
        if contact is None:
            continue
        at = now - timedelta(hours=9 + 40 * number)
        state = QuestionState.SHOWN if reply else QuestionState.WAITING
        question = questions.ask(
            session, product=product, words=words, display_name=_name(asker), customer_id=asker.id,
            contact_id=contact.id, state=state, now=at,
        )  # fmt: skip
        if reply:
            later = at + timedelta(hours=4)
            questions.answer(
                session, question, words=f"{reply} ({MADE_UP})", display_name=by, state=QuestionState.SHOWN,
                staff_id="demo", now=later,
            )  # fmt: skip
            # nobody asked, so nobody is told
            followed = update(QuestionFollower).where(QuestionFollower.question_id == question.id)
            session.execute(followed.values(told_at=later))
        done += 1
    return done


def _name(person: Customer) -> str:
    return f"{person.first_name or 'Somebody'} (demo)"
