"""What people searched for: one row a day and term, so that "top searches" and "found nothing" need no scan."""

from __future__ import annotations

import unicodedata
from datetime import date

from sqlalchemy import String
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.record import Record

from .rollups import add_to

MAX_TERM = 100


class SearchDay(Record):
    """How often a term was searched on a day of the shop's, and how often that found nothing."""

    __tablename__ = "ecrm_search_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    term: Mapped[str] = mapped_column(String(MAX_TERM), primary_key=True)
    searches: Mapped[int] = mapped_column(default=0)
    zero_results: Mapped[int] = mapped_column(default=0)


def folded(query: str) -> str:
    """A query as it is counted: case, width and spaces don't make another term."""
    return " ".join(unicodedata.normalize("NFKC", query).casefold().split())[:MAX_TERM]


def add_search(session: Session, day: date, term: str, *, searches: int, zero_results: int) -> None:
    """Add to a (folded) term's count of a day."""
    add_to(session, SearchDay, {"day": day, "term": term}, {"searches": searches, "zero_results": zero_results})
