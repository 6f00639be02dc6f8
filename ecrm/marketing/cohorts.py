"""Cohorts: the customers of a month of first orders, and how many of them ordered again in the months after.

Read from `CohortMonth`. People whom the sales data don't name have no first order and belong to no cohort.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking.clickstream.rollups import CohortMonth, DayFigures

from .period import Period


@dataclass(frozen=True)
class Cell:
    """What a cohort's customers did in one month. Money in minor units; `customers` are different ones who ordered."""

    customers: int = 0
    orders: int = 0
    revenue_minor: int = 0
    refunds_minor: int = 0

    @property
    def net_minor(self) -> int:
        """Revenue less what was given back in this month."""
        return self.revenue_minor - self.refunds_minor


NOBODY = Cell()


@dataclass(frozen=True)
class Cohort:
    """A month of first orders, and its cells by how many months later they are (0: the same month).

    `cells` ends with the last month asked for, so a young cohort has fewer; months without anything are empty cells.
    """

    month: date
    cells: tuple[Cell, ...]

    @property
    def size(self) -> int:
        """The cohort's customers."""
        return self.cells[0].customers if self.cells else 0

    def retention(self, later: int) -> float | None:
        """How many of its customers ordered in this month (0.2: a fifth); None where the month isn't there."""
        return self.cells[later].customers / self.size if later < len(self.cells) and self.size else None


@dataclass(frozen=True)
class NewAndReturning:
    """Orders and revenue (before refunds) of first orders, and of all others."""

    new_orders: int = 0
    new_revenue_minor: int = 0
    other_orders: int = 0
    other_revenue_minor: int = 0

    def __add__(self, other: NewAndReturning) -> NewAndReturning:
        return NewAndReturning(*map(sum, zip(vars(self).values(), vars(other).values(), strict=True)))


def cohorts(session: Session, period: Period) -> list[Cohort]:
    """The cohorts whose month lies, even in part, in the period; latest first, their cells up to its last month."""
    first, last = period.first.replace(day=1), period.last.replace(day=1)
    query = select(CohortMonth).where(CohortMonth.cohort.between(first, last), CohortMonth.month <= last)
    found: dict[date, dict[date, Cell]] = {}
    for row in session.scalars(query):
        cell = Cell(row.customers, row.orders, row.revenue_minor, row.refunds_minor)
        found.setdefault(row.cohort, {})[row.month] = cell
    return [
        Cohort(month, tuple(cells.get(later(month, n), NOBODY) for n in range(months_between(month, last) + 1)))
        for month, cells in sorted(found.items(), reverse=True)
        if cells.get(month, NOBODY).customers
    ]


def later(month: date, months: int) -> date:
    """The first day of the month so many months later."""
    years, index = divmod(month.month - 1 + months, 12)
    return date(month.year + years, index + 1, 1)


def months_between(month: date, other: date) -> int:
    """How many months later the other month is."""
    return (other.year - month.year) * 12 + other.month - month.month


def together(cohorts: Iterable[Cohort], months: int, *, before: date | None = None) -> tuple[Cell, int]:
    """What all cohorts that are old enough did so many months later, and how many customers these cohorts have.

    With `before`, the first day of a month, only of months before it: one that isn't over yet would pull averages down.
    """
    cells, size = [NOBODY], 0
    for one in cohorts:
        if months < len(one.cells) and (before is None or later(one.month, months) < before):
            cells.append(one.cells[months])
            size += one.size
    return Cell(*(sum(values) for values in zip(*(vars(cell).values() for cell in cells), strict=True))), size


def new_and_returning(session: Session, period: Period) -> dict[date, NewAndReturning]:
    """First orders and all others of each day that has any, by the day they were placed."""
    query = select(DayFigures).where(DayFigures.day.between(period.first, period.last)).order_by(DayFigures.day)
    return {
        row.day: NewAndReturning(
            row.new_customers, row.new_revenue_minor,
            row.orders - row.new_customers, row.revenue_minor - row.new_revenue_minor,
        )
        for row in session.scalars(query)
    }  # fmt: skip
