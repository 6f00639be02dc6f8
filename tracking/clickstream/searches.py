"""What people searched for, and which of the products that they were shown they opened."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, Index, func, or_
from sqlalchemy.orm import Mapped, mapped_column

from tracking.record import BigId, Record

MAX_TERM = 100


class SearchClick(Record):
    """A product opened from a search's results, once a visit, term and product, and what became of it.

    `position` counts from 1 over all pages of the results. `searched_at` is that of the page of results which showed
    the product; its day is the one on which the click counts. Money is the net of the order lines of this product.
    """

    __tablename__ = "ecrm_search_click"
    __table_args__ = (
        Index(None, "session_id", "term_id", "product_key_id", unique=True),
        Index(None, "order_id"),
        Index(None, "term_id", "searched_at"),
        Index(None, "product_key_id", "searched_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("ecrm_session.id"))
    term_id: Mapped[int] = mapped_column(ForeignKey("ecrm_term.id"))
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


def same_term(column: Any, query: str) -> ColumnElement[bool]:
    """Whether a stored query counts as the same term as `query`, on every database alike.

    SQLite's lower() knows ASCII alone, so the other letters of the term that is looked for are lowered one by one:
    only they can make a stored query equal to it. Of ligatures, fractions and other widths, which are folded in Python
    only, the same are found, and not what counts as the same.
    """
    wanted = folded(query)
    stored = func.lower(func.trim(func.replace(column, "\u00a0", " ")))
    for _ in range(3):  # up to eight spaces become one
        stored = func.replace(stored, "  ", " ")
    for letter in sorted(set(wanted) - {chr(code) for code in range(128)}):
        final = {"ς"} if letter == "σ" else set()
        for written in sorted({letter.upper(), unicodedata.normalize("NFD", letter), *final} - {letter}):
            stored = func.replace(stored, written, letter)
    if "ss" in wanted:
        for sharp in "ßẞ":
            stored = func.replace(stored, sharp, "ss")
    return or_(func.substr(stored, 1, MAX_TERM) == wanted, func.trim(column) == query.strip())
