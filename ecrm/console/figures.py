"""Figures in the reader's language: what a column holds, how it is written, and how it changed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from ecrm.installation import installation
from ecrm.wording import gettext as _
from ecrm.wording import language, money, number, percent

Value = int | float | None
"""A figure: a count, minor units, a share of one, seconds or milliseconds; None where there is nothing to measure."""


class Kind(StrEnum):
    """How a figure is written."""

    COUNT = "count"
    MONEY = "money"
    SHARE = "share"
    RATIO = "ratio"
    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"


@dataclass(frozen=True)
class Column:
    """A figure of the report. `key` names it in rows, links and addresses; `head` in the spreadsheet.

    `good` says which way is welcome: `up`, `down`, or empty where it isn't for a report to say. `help` is shown below
    the table, as what the figure counts.
    """

    key: str
    label: str
    kind: Kind = Kind.COUNT
    good: str = "up"
    help: str = ""


@dataclass(frozen=True)
class Delta:
    """How a figure changed: `tone` is up (welcome), down (unwelcome) or same, `text` says by how much.

    `title` and `spoken` say what it was before, to eyes and to ears.
    """

    tone: str
    arrow: str
    text: str
    title: str
    spoken: str


class FigureWords:
    """Writes the figures of one page. Whom it is for is asked once, as a report has a thousand figures."""

    def __init__(self) -> None:
        self._language, self._currency = language(), installation().storefront.facts().currency

    def written(self, column: Column, value: Value) -> str:
        """A figure in the reader's language; a dash where there is none."""
        return "–" if value is None else _words(column.kind, value, self._currency, self._language)

    def delta(self, column: Column, now: Value, before: Value) -> Delta | None:
        """The change against the comparison; of shares in percentage points, of everything else in percent."""
        if now is None or before is None:
            return None
        share = column.kind is Kind.SHARE
        if share:
            moved = now - before
            size, small = ("points", round(abs(moved) * 100, 1)), abs(moved) < 0.0005
        elif before <= 0:
            return None
        else:
            moved = now / before - 1
            size = ("percent", round(abs(moved), 2)) if abs(moved) < 10 else ("times", round(now / before, 1))
            small = abs(moved) < 0.005
        arrow = "=" if small else "▲" if moved > 0 else "▼"
        welcome = not column.good or (moved > 0) == (column.good == "up")
        tone = "same" if small or not column.good else "up" if welcome else "down"
        return Delta(tone, arrow, _size(*size, self._language), *_before(self.written(column, before), self._language))


def written(column: Column, value: Value) -> str:
    """A single figure in the reader's language; a dash where there is none."""
    return FigureWords().written(column, value)


@lru_cache(maxsize=20_000)
def _words(kind: Kind, value: int | float, currency: str, _language: str) -> str:
    # Writing a number in a language costs some 40 µs, and a report is full of zeros.
    if kind is Kind.MONEY:
        return money(round(value), currency)
    if kind is Kind.SHARE:
        return percent(value)
    if kind is Kind.RATIO:
        return number(round(value, 2))
    if kind is Kind.SECONDS:
        return _("%(seconds)s s", seconds=number(round(value, 1)))
    if kind is Kind.MILLISECONDS:
        return _("%(milliseconds)s ms", milliseconds=number(round(value)))
    return number(value)


@lru_cache(maxsize=20_000)
def _size(unit: str, value: float, _language: str) -> str:
    if unit == "points":
        return _("%(points)s pts", points=number(value))
    return percent(value, "#,##0%") if unit == "percent" else "×" + number(value)


@lru_cache(maxsize=20_000)
def _before(value: str, _language: str) -> tuple[str, str]:
    return _("%(value)s before", value=value), _("against %(value)s before", value=value)
