"""What flows about products ask of the shop beside what all flows ask; and a shop that has nothing to say to that."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from mailer.calendar import Place


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """A product that is new, and can be had. `brand` and `category` are empty where the shop knows none."""

    product_id: str
    brand: str
    category: str
    added_at: datetime


class Goods(Protocol):
    """The questions. Each is answered as of now; none may write."""

    def arrivals(self, *, since: datetime, until: datetime) -> Sequence[Arrived]:
        """What came into the shop in this stretch, the newest first."""

    def hearers(self, product_id: str) -> Sequence[tuple[int, str]]:
        """Customers whose taste a new product fits, best first, each with what they bought that is most like it
        (empty where nothing is)."""

    def head_starts(self, session: Session, customer_ids: Collection[int]) -> tuple[int, Mapping[int, int]]:
        """By how many days some customers hear of what is new before others: the longest there is, and those of these
        customers who have any."""

    def categories(self, product_ids: Sequence[str]) -> Sequence[str]:
        """Of each product; empty where it has none or is unknown."""

    def said(self, reasons: Mapping[str, tuple[str, str]]) -> dict[str, str]:
        """Reasons by product in words: its code (`brand`, `category`, `taste`, `habit`), and what it is about."""

    def holidays(self, session: Session, place: Place, *, since: date, until: date) -> Sequence[Holiday]:
        """Holidays for giving whose last day to order lies in this stretch (both included)."""

    def gifts(self, session: Session, customer_id: int, holiday: Holiday, *, now: datetime) -> dict[str, Any] | None:
        """Ideas for a holiday as the writer wants them (`products`, `lists`, `reasons`); None where there are none."""


@dataclass(frozen=True, kw_only=True)
class Holiday:
    """A holiday as it lies in a year and a place. `order_by`: the last day on which what is ordered arrives in time."""

    code: str
    name: str
    day: date
    order_by: date


class NoGoods:
    """A shop that says nothing of its products: what needs to know of them writes to nobody."""

    def arrivals(self, *, since: datetime, until: datetime) -> Sequence[Arrived]:
        return ()

    def hearers(self, product_id: str) -> Sequence[tuple[int, str]]:
        return ()

    def head_starts(self, session: Session, customer_ids: Collection[int]) -> tuple[int, Mapping[int, int]]:
        return 0, {}

    def categories(self, product_ids: Sequence[str]) -> Sequence[str]:
        return [""] * len(product_ids)

    def said(self, reasons: Mapping[str, tuple[str, str]]) -> dict[str, str]:
        return {}

    def holidays(self, session: Session, place: Place, *, since: date, until: date) -> Sequence[Holiday]:
        return ()

    def gifts(self, session: Session, customer_id: int, holiday: Holiday, *, now: datetime) -> dict[str, Any] | None:
        return None
