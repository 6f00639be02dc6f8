"""What people searched for: one row a day and term, so that "top searches" and "found nothing" need no scan."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.record import BigId, Record

from .rollups import add_to

MAX_TERM = 100


class SearchDay(Record):
    """How often a term was searched on a day of the shop's, and how often that found nothing."""

    __tablename__ = "ecrm_search_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    term: Mapped[str] = mapped_column(String(MAX_TERM), primary_key=True)
    searches: Mapped[int] = mapped_column(default=0)
    zero_results: Mapped[int] = mapped_column(default=0)


class SearchClick(Record):
    """A product opened from a search's results, once a visit, term and product, and what became of it.

    `position` counts from 1 over all pages of the results. Money is the net of the order lines of this product.
    """

    __tablename__ = "ecrm_search_click"
    __table_args__ = (Index(None, "session_id", "term_id", "product_key_id", unique=True), Index(None, "order_id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("ecrm_session.id"))
    term_id: Mapped[int] = mapped_column(ForeignKey("ecrm_term.id"), index=True)
    product_key_id: Mapped[int] = mapped_column(ForeignKey("ecrm_product_key.id"))
    searched_at: Mapped[datetime]
    position: Mapped[int]
    added: Mapped[bool] = mapped_column(default=False)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_order.id"))
    revenue_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    refunds_minor: Mapped[int] = mapped_column(BigInteger, default=0)


def folded(query: str) -> str:
    """A query as it is counted: case, width and spaces don't make another term."""
    return " ".join(unicodedata.normalize("NFKC", query).casefold().split())[:MAX_TERM]


def add_search(session: Session, day: date, term: str, *, searches: int, zero_results: int) -> None:
    """Add to a (folded) term's count of a day."""
    add_to(session, SearchDay, {"day": day, "term": term}, {"searches": searches, "zero_results": zero_results})
