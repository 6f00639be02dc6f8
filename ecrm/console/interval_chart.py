"""A drawing of lifts with their intervals around "no difference", as plain geometry for a macro to write as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ecrm.wording import percent

from .charts import Mark

WIDTH, LEFT, RIGHT, ROW, TOP = 560, 172, 30, 56, 12
WIDEST = 20.0
"""What lies beyond ±2,000 % is cut: the table behind the drawing has it."""


@dataclass(frozen=True)
class IntervalRow:
    """A lift and its ends, shares of the control group's figure."""

    label: str
    lift: float
    low: float
    high: float

    @property
    def text(self) -> str:
        """In words."""
        return f"{_signed(self.lift)} ({_signed(self.low)} … {_signed(self.high)})"


@dataclass(frozen=True)
class Drawn:
    """A row in pixels."""

    row: IntervalRow
    y: float
    at: float
    start: float
    end: float


@dataclass(frozen=True)
class IntervalChart:
    """All that the macro needs; `zero` is where no difference lies."""

    rows: tuple[Drawn, ...]
    grid: tuple[Mark, ...]
    zero: float
    height: int
    bottom: int
    width: int = WIDTH
    left: int = LEFT
    top: int = TOP


def interval_chart(rows: Sequence[IntervalRow]) -> IntervalChart:
    """Lay out the rows below each other on one axis, as wide to the left as to the right."""
    reach = min(max(max(abs(row.low), abs(row.high)) for row in rows), WIDEST)
    step = _step(reach)
    reach = math.ceil(reach / step - 1e-9) * step
    middle = LEFT + (WIDTH - LEFT - RIGHT) / 2

    def place(lift: float) -> float:
        return round(middle + max(min(lift / reach, 1.0), -1.0) * (WIDTH - LEFT - RIGHT) / 2, 2)

    bottom = TOP + ROW * len(rows)
    drawn = tuple(
        Drawn(row, TOP + ROW * (number + 0.5), place(row.lift), place(row.low), place(row.high))
        for number, row in enumerate(rows)
    )
    marks = tuple(Mark(place(side), _signed(side)) for side in (-reach, 0.0, reach))
    return IntervalChart(drawn, marks, place(0), height=bottom + 32, bottom=bottom)


def _step(reach: float) -> float:
    magnitude = 10.0 ** math.floor(math.log10(max(reach, 1e-4)))
    return float(next(one for one in (magnitude * 0.2, magnitude * 0.4, magnitude, magnitude * 2) if one * 5 >= reach))


def _signed(lift: float) -> str:
    return ("+" if lift > 0 else "−" if lift < 0 else "") + percent(abs(lift), "#,##0.#%")
