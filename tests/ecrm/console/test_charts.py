"""A chart's geometry stays in its area and says what it draws."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ecrm.console.charts import HEIGHT, WIDTH, Point, Series, chart


def points(values: list[float | None]) -> list[Point]:
    return [Point(label=f"day {n}", text=str(value), value=value, axis=str(n)) for n, value in enumerate(values)]


@given(st.lists(st.none() | st.floats(-1e9, 1e12, allow_nan=False), max_size=60), st.sampled_from(["bars", "line"]))
def test_whatever_the_values_everything_lies_inside_of_the_drawing(values: list[float | None], kind: str) -> None:
    drawn = chart(kind, points(values), axis_text=str)
    for bar in drawn.bars:
        assert -0.01 <= bar.y <= bar.y + bar.height <= HEIGHT + 0.01
        assert 0 <= bar.x <= bar.x + bar.width <= WIDTH
    assert all(0 <= mark.at <= HEIGHT for mark in drawn.grid)
    assert (2 if any(values) else 1) <= len(drawn.grid) <= 7


def test_the_grid_stands_on_round_numbers() -> None:
    drawn = chart("bars", points([0, 437, 912]), axis_text=lambda value: f"{value:g}")
    assert [mark.text for mark in drawn.grid] == ["0", "500", "1000"]


def test_counts_get_no_halves() -> None:
    drawn = chart("bars", points([0, 1]), axis_text=lambda value: f"{value:g}", whole=True)
    assert [mark.text for mark in drawn.grid] == ["0", "1"]


def test_a_missing_value_lifts_the_pen_and_an_empty_chart_says_so() -> None:
    drawn = chart("line", points([1, None, 2, 3]), axis_text=str)
    assert drawn.path.count("M") == 2
    assert len(drawn.dots) == 3
    assert chart("bars", points([0, 0]), axis_text=str).empty
    before = Series("before", [0, 3], ["0", "3"])
    assert not chart("bars", points([0, 0]), axis_text=str, series=[before]).empty, "there is a line to draw"


def test_the_simulated_part_of_a_column_is_drawn_apart() -> None:
    point = Point(label="d", text="4", value=4, axis="d", faint=3)
    (bar,) = chart("bars", [point], axis_text=str).bars
    assert round(bar.faint_height / bar.height, 3) == 0.75


def test_where_nothing_happened_the_grid_names_nothing_but_nought() -> None:
    drawn = chart("bars", points([0, 0]), axis_text=str)

    assert [mark.text for mark in drawn.grid] == ["0.0"]
