"""Charts as plain geometry: bars and lines in a fixed drawing area, for a Jinja macro to write as SVG.

No script and no inline style: shapes carry classes, numbers carry a table for those who can't or won't see shapes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 560, 200
LEFT, RIGHT, TOP, BOTTOM = 68, 8, 12, 32


@dataclass(frozen=True)
class Point:
    """One figure: where it stands on the axis, its value (None: nothing to measure), and both in words.

    `faint` is the part of the value that is drawn paler, e.g. simulated visits.
    """

    label: str
    text: str
    value: float | None
    axis: str
    faint: float = 0
    faint_text: str = ""
    href: str = ""


@dataclass(frozen=True)
class Series:
    """A further line over the same places of the axis, e.g. the comparison; `texts` write its values."""

    name: str
    values: Sequence[float | None]
    texts: Sequence[str]


@dataclass(frozen=True)
class Line:
    """A series as it is drawn."""

    name: str
    path: str
    dots: tuple[tuple[float, float], ...]
    texts: tuple[str, ...]
    empty: bool = False


@dataclass(frozen=True)
class Bar:
    """A column from its own baseline; `faint` is its upper, paler part. Pixels of the drawing area."""

    x: float
    width: float
    y: float
    height: float
    faint_height: float
    hit_x: float
    hit_width: float
    point: Point


@dataclass(frozen=True)
class Mark:
    """A text at a place of an axis; `minor` ones are left out on a narrow screen."""

    at: float
    text: str
    minor: bool = False


@dataclass(frozen=True)
class Chart:
    """All that the macro needs."""

    kind: str
    bars: tuple[Bar, ...]
    path: str
    dots: tuple[tuple[float, float], ...]
    baseline: float
    grid: tuple[Mark, ...]
    ticks: tuple[Mark, ...]
    points: tuple[Point, ...]
    lines: tuple[Line, ...] = ()
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw: every value of every line is nought."""
        return not any(point.value for point in self.points) and all(line.empty for line in self.lines)


def chart(
    kind: str,
    points: Sequence[Point],
    *,
    axis_text: Callable[[float], str],
    whole: bool = False,
    series: Sequence[Series] = (),
) -> Chart:
    """Lay out points as `bars` or as a `line`, and further series as lines over them.

    Args:
        series: what is longer than the points is cut, what is shorter has no values there.
        axis_text: writes the values beside the grid.
        whole: the values are counts; the grid then shows no halves.
    """
    lines = [_fitted(one, len(points)) for one in series]
    values = [point.value for point in points if point.value is not None] or [0]
    values += [value for one in lines for value in one.values if value is not None]
    low, high, step = _scale(min(*values, 0.0), max(*values, 0.0), smallest=1 if whole else 0)
    space = HEIGHT - TOP - BOTTOM

    def height_of(value: float) -> float:
        return round(TOP + space * (high - value) / (high - low), 2)

    slot = (WIDTH - LEFT - RIGHT) / max(len(points), 1)
    middles = [round(LEFT + slot * (n + 0.5), 2) for n in range(len(points))]
    own = [point.value for point in points]
    steps = round((high - low) / step) if any(values) else 0  # nothing happened: no values to hold against a grid
    return Chart(
        kind=kind,
        bars=tuple(
            _bar(point, middle, slot, height_of) for point, middle in zip(points, middles, strict=True)
        ),
        path=_path(own, middles, height_of) if kind == "line" else "",
        dots=_dots(own, middles, height_of) if kind == "line" else (),
        baseline=height_of(0),
        grid=tuple(Mark(height_of(low + n * step), axis_text(low + n * step)) for n in range(steps + 1)),
        ticks=_ticks(points, middles),
        points=tuple(points),
        lines=tuple(
            Line(
                one.name, _path(one.values, middles, height_of), _dots(one.values, middles, height_of), (*one.texts,),
                empty=not any(one.values),
            )
            for one in lines
        ),
    )  # fmt: skip


def _scale(low: float, high: float, *, smallest: float) -> tuple[float, float, float]:
    """A range that starts and ends on round numbers, with two to five steps."""
    if high - low < 1e-300:  # nothing, or so little that a third of it is
        high = low + 1
    raw = (high - low) / 3
    magnitude = 10 ** math.floor(math.log10(raw))
    step = next(factor * magnitude for factor in (1, 2, 2.5, 5, 10) if factor * magnitude >= raw * 0.999)
    step = max(step, smallest)
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, step


def _bar(point: Point, middle: float, slot: float, height_of: Callable[[float], float]) -> Bar:
    value, zero = point.value or 0, height_of(0)
    width = min(slot * 0.72, 34)
    top = height_of(value)
    return Bar(
        x=round(middle - width / 2, 2),
        width=round(width, 2),
        y=min(top, zero),
        height=round(abs(zero - top), 2),
        faint_height=round(zero - height_of(point.faint), 2) if point.faint > 0 else 0,
        hit_x=round(middle - slot / 2, 2),
        hit_width=round(slot, 2),
        point=point,
    )


def _fitted(series: Series, length: int) -> Series:
    missing = max(length - len(series.values), 0)
    return Series(
        series.name,
        [*series.values[:length], *[None] * missing],
        [*series.texts[:length], *["–"] * missing],
    )  # fmt: skip


def _path(values: Sequence[float | None], middles: Sequence[float], height_of: Callable[[float], float]) -> str:
    """A line through the values; where one is missing the pen is lifted."""
    parts, drawing = [], False
    for value, middle in zip(values, middles, strict=True):
        if value is None:
            drawing = False
            continue
        parts.append(f"{'L' if drawing else 'M'}{middle:g} {height_of(value):g}")
        drawing = True
    return "".join(parts)


def _dots(
    values: Sequence[float | None], middles: Sequence[float], height_of: Callable[[float], float]
) -> tuple[tuple[float, float], ...]:
    # With many points the dots would hide the line; a lonely value needs its dot to be seen at all.
    if len(values) > 31:
        return ()
    return tuple((middle, height_of(value)) for value, middle in zip(values, middles, strict=True) if value is not None)


def _ticks(points: Sequence[Point], middles: Sequence[float]) -> tuple[Mark, ...]:
    every = max(1, math.ceil(len(points) / 6))
    chosen = range(0, len(points), every)
    return tuple(Mark(middles[n], points[n].axis, minor=bool(count % 2)) for count, n in enumerate(chosen))
