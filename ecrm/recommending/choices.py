"""Choices: what somebody said to a recommendation. "Not interested" hides a product from them, "don't use this" keeps
it from speaking for others. Both hold from the next page on, until they are taken back.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import ColumnElement, ForeignKey, Index, String, bindparam, delete, false, or_, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.clickstream.retention import NAMELESS
from tracking.record import BigId, Record, insert_once
from tracking.visitors import Visitor, VisitorClaim

LONGEST_PRODUCT = 64
MOST = 500
"""Choices of one person; nobody clicks so often, and a page reads them all."""


class Choice(StrEnum):
    """What can be said."""

    NOT_INTERESTED = "not_interested"
    NOT_USED = "not_used"


class RecommendationChoice(Record):
    """One choice; `customer_id` of somebody signed in, else `visitor_id` of a browser that agreed to be followed."""

    __tablename__ = "ecrm_recommendation_choice"
    __table_args__ = (
        Index(
            "ix_ecrm_recommendation_choice_customer",
            "customer_id",
            "product",
            "choice",
            unique=True,
            sqlite_where=text("customer_id IS NOT NULL"),
            postgresql_where=text("customer_id IS NOT NULL"),
        ),
        Index(
            "ix_ecrm_recommendation_choice_visitor",
            "visitor_id",
            "product",
            "choice",
            unique=True,
            sqlite_where=text("visitor_id IS NOT NULL"),
            postgresql_where=text("visitor_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_customer.id"))
    visitor_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_visitor.id"))
    product: Mapped[str] = mapped_column(String(LONGEST_PRODUCT))
    choice: Mapped[str] = mapped_column(String(20))
    chosen_at: Mapped[datetime]


class Chooser(NamedTuple):
    """Whose choices: of the customer and of the browser that they sit at; at least one is known."""

    customer_id: int | None
    visitor_id: int | None


class Chosen(NamedTuple):
    """A choice as it is read."""

    product: str
    choice: Choice
    chosen_at: datetime


class TooMany(ValueError):
    """Somebody has made as many choices as are kept of one person."""


def choose(session: Session, who: Chooser, *, product: str, choice: Choice, now: datetime) -> bool:
    """Keep a choice; False where it was made before.

    Raises:
        TooMany: there are `MOST` of them; some have to be taken back first.
    """
    if len(choices_of(session, who)) >= MOST:
        raise TooMany
    owner = {"customer_id": who.customer_id} if who.customer_id is not None else {"visitor_id": who.visitor_id}
    values = {"product": product, "choice": choice.value, "chosen_at": now, **owner}
    return insert_once(session, RecommendationChoice, values) is not None


def take_back(session: Session, who: Chooser, *, product: str, choice: Choice) -> bool:
    """Undo a choice, whether the customer made it or the browser; False where there is none."""
    wanted = (RecommendationChoice.product == product, RecommendationChoice.choice == choice.value, _of(who))
    gone = session.execute(delete(RecommendationChoice).where(*wanted))
    return bool(getattr(gone, "rowcount", 0))


def choices_of(session: Session, who: Chooser) -> list[Chosen]:
    """Everything they chose, the latest first."""
    query = _OF[who.customer_id is not None, who.visitor_id is not None]
    rows = session.connection().execute(query, who._asdict())
    return [Chosen(product, Choice(choice), chosen_at) for product, choice, chosen_at in rows]


def forget_choices(session: Session, customer_id: int) -> int:
    """For an erasure: the customer's own, and those of browsers that they were seen in. Returns how many.

    To be called before `erase_person`, which takes the claims that lead to the browsers.
    """
    browsers = select(VisitorClaim.visitor_id).where(VisitorClaim.customer_id == customer_id)
    theirs = or_(RecommendationChoice.customer_id == customer_id, RecommendationChoice.visitor_id.in_(browsers))
    gone = session.execute(delete(RecommendationChoice).where(theirs))
    return int(getattr(gone, "rowcount", 0))


def forget_choices_of_nameless(session: Session) -> int:
    """Take the choices of browsers that nobody can be known by any more; returns how many. Commits nothing."""
    nameless = select(Visitor.id).where(
        Visitor.id == RecommendationChoice.visitor_id, Visitor.token.startswith(NAMELESS)
    )
    gone = session.execute(delete(RecommendationChoice).where(nameless.exists()))
    return int(getattr(gone, "rowcount", 0))


# Built once: every page of somebody known asks one of them.
_TABLE = RecommendationChoice.__table__.c
_ALL = (
    select(_TABLE.product, _TABLE.choice, _TABLE.chosen_at)
    .order_by(_TABLE.chosen_at.desc(), _TABLE.id.desc())
    .limit(MOST)
)
_BY_CUSTOMER = _TABLE.customer_id == bindparam("customer_id")
_BY_VISITOR = _TABLE.visitor_id == bindparam("visitor_id")
_OF = {
    (True, True): _ALL.where(or_(_BY_CUSTOMER, _BY_VISITOR)),
    (True, False): _ALL.where(_BY_CUSTOMER),
    (False, True): _ALL.where(_BY_VISITOR),
    (False, False): _ALL.where(false()),
}
"""By whether the customer and the browser are known."""


def _of(who: Chooser) -> ColumnElement[bool]:
    conditions = []
    if who.customer_id is not None:
        conditions.append(RecommendationChoice.customer_id == who.customer_id)
    if who.visitor_id is not None:
        conditions.append(RecommendationChoice.visitor_id == who.visitor_id)
    if not conditions:
        raise ValueError("choices are a customer's or a browser's; neither is known")
    return or_(*conditions)
