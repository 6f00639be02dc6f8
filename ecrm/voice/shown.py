"""What everybody sees of a product's reviews: the plain mean, how the stars are spread, and the reviews by pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from .reviews import Review, ReviewState

A_PAGE = 5


@dataclass(frozen=True)
class Rating:
    """Of the shown reviews of a product. `spread`: how many gave 5, 4, 3, 2 and 1 stars.

    `mean` is the plain arithmetic mean of the stars that are counted beside it, as no weighting is what a reader
    takes an average for.
    """

    spread: Mapping[int, int]

    @property
    def count(self) -> int:
        return sum(self.spread.values())

    @property
    def mean(self) -> float:
        """Zero where there is none."""
        return sum(stars * count for stars, count in self.spread.items()) / self.count if self.count else 0.0


def rating_of(session: Session, product: str) -> Rating:
    """The stars of a product's shown reviews."""
    query = select(Review.stars, func.count()).where(Review.product == product, Review.state == ReviewState.SHOWN)
    counts = {row[0]: row[1] for row in session.execute(query.group_by(Review.stars))}
    return Rating({stars: counts.get(stars, 0) for stars in (5, 4, 3, 2, 1)})


def shown_reviews(session: Session, product: str, *, page: int) -> Sequence[Review]:
    """A page of them, those with words first, then the newest; pages are counted from 1."""
    query = select(Review).where(Review.product == product, Review.state == ReviewState.SHOWN)
    newest = (Review.words == "", Review.written_at.desc(), Review.id.desc())
    return session.scalars(query.order_by(*newest).limit(A_PAGE).offset((page - 1) * A_PAGE)).all()
