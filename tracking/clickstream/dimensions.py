"""Dimensions: what a roll-up counts by, each with a small number: sources, audiences, pages, products, terms.

Roll-ups hold numbers only, so that a day of a large shop stays small and sums are sums of integers. A dimension's row
is made when it is first met and never changes or goes away.
"""

from __future__ import annotations

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from tracking.record import BigId, Record

from .dimension_ids import ids_of as ids_of  # beside what it numbers, for whoever counts by it

MAX_PATH = 200
MAX_SOURCE = 100


class Source(Record):
    """Where a visit came from. Empty texts where nothing is known; `channel` is one of `sources.CHANNELS`.

    `campaign` is the UTM code (or the offline code), folded; `click_id` names the kind (`gclid`), never its value.
    """

    __tablename__ = "ecrm_source"
    __table_args__ = (
        Index(None, "channel", "source", "medium", "campaign", "term", "content", "click_id", unique=True),
        Index(None, "campaign"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(MAX_SOURCE), default="")
    medium: Mapped[str] = mapped_column(String(MAX_SOURCE), default="")
    campaign: Mapped[str] = mapped_column(String(MAX_SOURCE), default="")
    term: Mapped[str] = mapped_column(String(MAX_SOURCE), default="")
    content: Mapped[str] = mapped_column(String(MAX_SOURCE), default="")
    click_id: Mapped[str] = mapped_column(String(20), default="")


class Audience(Record):
    """What visits are counted by: source, device, country and whether the visitor had been here before."""

    __tablename__ = "ecrm_audience"
    __table_args__ = (Index(None, "source_id", "device", "country", "is_returning", unique=True),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    source_id: Mapped[int]
    device: Mapped[str] = mapped_column(String(10), default="")
    country: Mapped[str] = mapped_column(String(2), default="")
    is_returning: Mapped[bool] = mapped_column(default=False)


class Page(Record):
    """A page of the shop: its path as far as it may be kept."""

    __tablename__ = "ecrm_page"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    path: Mapped[str] = mapped_column(String(MAX_PATH), unique=True)


class ProductKey(Record):
    """A product's number in the roll-ups. `product` is the shop's id as text."""

    __tablename__ = "ecrm_product_key"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    product: Mapped[str] = mapped_column(String(64), unique=True)


class Term(Record):
    """A search term as it is counted (`searches.folded`)."""

    __tablename__ = "ecrm_term"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    term: Mapped[str] = mapped_column(String(100), unique=True)
