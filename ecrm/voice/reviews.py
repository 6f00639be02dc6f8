"""Review: what a verified buyer says of a product, in stars and words; one a product and customer, editable.

Only `shown` ones are seen or counted by anybody but staff and their author. Erasing its author leaves the stars, which
are nobody's without words, name and customer: the average of a product must not depend on who asked to be forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, String, Text, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.record import BigId, Record, insert_once

LONGEST_TITLE, LONGEST_WORDS, LONGEST_NAME, LONGEST_REPLY = 120, 4000, 60, 2000


class ReviewState(StrEnum):
    """Waiting for a look of staff's, shown to everybody, or hidden for a reason."""

    WAITING = "waiting"
    SHOWN = "shown"
    HIDDEN = "hidden"


class Review(Record):
    """`order_reference`: the delivered order that verifies it. `customer_id` is empty once its author was erased.

    `version` rises with each edit, so that nobody shows words that they haven't read.
    """

    __tablename__ = "ecrm_review"
    __table_args__ = (
        Index(None, "product", "customer_id", unique=True),
        Index("ix_ecrm_review_shown", "product", "state", "written_at"),
        Index(None, "state", "written_at"),
        Index(None, "customer_id"),
        CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    product: Mapped[str] = mapped_column(String(64))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_customer.id"))
    order_reference: Mapped[str] = mapped_column(String(64), default="")
    stars: Mapped[int]
    title: Mapped[str] = mapped_column(String(LONGEST_TITLE), default="")
    words: Mapped[str] = mapped_column(Text, default="")
    display_name: Mapped[str] = mapped_column(String(LONGEST_NAME), default="")
    state: Mapped[str] = mapped_column(String(10))
    hidden_reason: Mapped[str] = mapped_column(String(200), default="")
    version: Mapped[int] = mapped_column(default=1)
    written_at: Mapped[datetime]
    changed_at: Mapped[datetime | None]
    moderated_by: Mapped[str] = mapped_column(String(64), default="")
    moderated_at: Mapped[datetime | None]
    reply: Mapped[str] = mapped_column(Text, default="")
    reply_by: Mapped[str] = mapped_column(String(100), default="")
    replied_at: Mapped[datetime | None]


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a buyer typed, checked and cleaned."""

    stars: int
    title: str = ""
    words: str = ""
    display_name: str = ""


class ChangedMeanwhile(Exception):
    """The author edited the review after it was read; look again."""


def write_review(
    session: Session, *, product: str, customer_id: int, order_reference: str, said: Said, show: bool, now: datetime
) -> Review:
    """Keep a review, or change the one that this customer wrote of this product.

    What was hidden once waits for staff again, whatever `show` says.
    """
    state = ReviewState.SHOWN if show else ReviewState.WAITING
    values: dict[str, Any] = {
        "product": product, "customer_id": customer_id, "order_reference": order_reference, "stars": said.stars,
        "title": said.title, "words": said.words, "display_name": said.display_name, "state": state,
        "hidden_reason": "", "version": 1, "written_at": now, "changed_at": None, "moderated_by": "",
        "moderated_at": None, "reply": "", "reply_by": "", "replied_at": None,
    }  # fmt: skip
    made = insert_once(session, Review, values)
    if made is not None:
        return session.get_one(Review, made)
    review = session.scalars(_own(product, customer_id).with_for_update()).one()
    if (review.stars, review.title, review.words, review.display_name) == (
        said.stars, said.title, said.words, said.display_name,
    ):  # fmt: skip
        return review  # sent twice: nothing was edited, so nothing has to be read anew
    was_hidden = review.state == ReviewState.HIDDEN or bool(review.hidden_reason)
    review.stars, review.title, review.words, review.display_name = (
        said.stars, said.title, said.words, said.display_name,
    )  # fmt: skip
    review.state = ReviewState.WAITING if was_hidden else state
    review.changed_at, review.version, review.order_reference = now, review.version + 1, order_reference
    session.flush()
    return review


def own_review(session: Session, product: str, customer_id: int) -> Review | None:
    """What this customer wrote of this product."""
    return session.scalar(_own(product, customer_id))


def own_reviews(session: Session, customer_id: int) -> Sequence[Review]:
    """Everything that a customer wrote, the newest first."""
    query = select(Review).where(Review.customer_id == customer_id)
    return session.scalars(query.order_by(Review.written_at.desc(), Review.id.desc())).all()


def moderate(
    session: Session, review_id: int, *, show: bool, reason: str = "", version: int, staff_id: str, now: datetime
) -> Review | None:
    """Show a review, or hide it with the reason that its author is told; None where there is none.

    Raises:
        ChangedMeanwhile: where it isn't the version that staff read.
    """
    values: dict[str, Any] = {
        "state": ReviewState.SHOWN if show else ReviewState.HIDDEN, "hidden_reason": "" if show else reason[:200],
        "moderated_by": staff_id[:64], "moderated_at": now,
    }  # fmt: skip
    return _changed(session, review_id, version, values)


def answer(session: Session, review_id: int, *, words: str, version: int, by: str, now: datetime) -> Review | None:
    """The shop's public answer; empty words take it back.

    Raises:
        ChangedMeanwhile: where it isn't the version that staff read.
    """
    values = {"reply": words, "reply_by": by[:100] if words else "", "replied_at": now if words else None}
    return _changed(session, review_id, version, values)


def count_by_state(session: Session) -> dict[str, int]:
    """How many reviews are in each state."""
    return {row[0]: row[1] for row in session.execute(select(Review.state, func.count()).group_by(Review.state))}


def forget_author(session: Session, customer_id: int) -> int:
    """Take words, name and customer off everything that somebody wrote; the stars stay."""
    values = {
        "customer_id": None, "order_reference": "", "title": "", "words": "", "display_name": "", "reply": "",
        "hidden_reason": "", "reply_by": "",
    }  # fmt: skip
    gone: Any = session.execute(
        update(Review)
        .where(Review.customer_id == customer_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return int(gone.rowcount)


def _own(product: str, customer_id: int) -> Select[Review]:
    return select(Review).where(Review.product == product, Review.customer_id == customer_id)


def _changed(session: Session, review_id: int, version: int, values: dict[str, Any]) -> Review | None:
    changed: Any = session.execute(
        update(Review)
        .where(Review.id == review_id, Review.version == version, Review.customer_id.is_not(None))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    review = session.get(Review, review_id, populate_existing=True)
    if review is None or review.customer_id is None:
        return None
    if not changed.rowcount:
        raise ChangedMeanwhile
    return review
