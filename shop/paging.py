"""Lists that staff turn page by page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

PER_PAGE = 50

RowT = TypeVar("RowT")


@dataclass(frozen=True)
class Page(Generic[RowT]):
    """One page of a list: its rows, its number from 1, how many pages and rows there are."""

    rows: list[RowT]
    number: int
    pages: int
    total: int


def read_page(
    session: Session, ids: Select[int], rows: Select[RowT], *, key: InstrumentedAttribute[int], page: int
) -> Page[RowT]:
    """The asked page of what `ids` selects and orders; a page too far is the last one.

    The ids are turned to that page alone, mostly in an index; then `rows` are read by them (`key` is the ids' column).
    Skipping thousands of whole rows took ten times as long.
    """
    total = session.scalar(select(func.count()).select_from(ids.order_by(None).subquery())) or 0
    pages = max(-(-total // PER_PAGE), 1)
    number = min(max(page, 1), pages)
    wanted = list(session.scalars(ids.limit(PER_PAGE).offset((number - 1) * PER_PAGE)))
    found: dict[int, Any] = {getattr(row, key.key): row for row in session.scalars(rows.where(key.in_(wanted)))}
    return Page([found[one] for one in wanted if one in found], number, pages, total)
