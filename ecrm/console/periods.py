"""The period that a report shows and what it is compared with, as the address says; kept from page to page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from flask import request
from werkzeug.exceptions import BadRequest

from ecrm.marketing.period import Period, period_of
from ecrm.wording import gettext as _
from ecrm.wording import today

from .queries import choice_arg, day_arg, number_arg

PRESETS = (7, 28, 90, 365)
DEFAULT_DAYS = 28
LONGEST = timedelta(days=3 * 366)
PERIOD_ARGS = ("days", "first", "last", "compare")
SEGMENT_ARGS = ("channel", "source", "campaign", "device", "country", "medium", "term", "content", "visitors")


class Compare(StrEnum):
    """What a period is compared with."""

    BEFORE = "before"
    YEAR = "year"
    NONE = "none"


@dataclass(frozen=True)
class Chosen:
    """The period asked for. `compare` is None where nothing is compared; `preset` where it is one of `PRESETS`."""

    period: Period
    compare: Period | None
    kind: Compare
    preset: int | None

    @property
    def first_and_last(self) -> dict[str, Any]:
        """The period as fixed days, for links to rows: such a link shows the same rows tomorrow."""
        return {"first": self.period.first.isoformat(), "last": self.period.last.isoformat()}


def chosen_period(*, default_days: int = DEFAULT_DAYS) -> Chosen:
    """`days` up to today, or `first` to `last`; `compare` is before, year or none.

    Raises:
        BadRequest: in words, for days that can't be read, an end before its start, or more than three years.
    """
    first, last, days = day_arg("first"), day_arg("last"), number_arg("days")
    preset: int | None = None
    if first is None and last is None:
        preset = default_days if days is None else days
        if not 1 <= preset <= LONGEST.days:
            raise BadRequest(_("Ask for 1 to %(days)s days.", days=LONGEST.days))
        period = period_of(preset, today=today())
    else:
        last = last or max(today(), first or today())
        period = Period(first or last - timedelta(days=default_days - 1), last)
    if period.first > period.last:
        raise BadRequest(_("The first day lies after the last one."))
    if period.last - period.first >= LONGEST:
        raise BadRequest(_("Ask for three years at most."))
    kind = choice_arg("compare", Compare) or Compare.BEFORE
    return Chosen(period, _compared(period, kind), kind, preset)


def kept_args(*, segment: bool = True, **changed: str | int | None) -> dict[str, Any]:
    """What a link from one report to another takes along: the period, and the segment unless told otherwise.

    `changed` replaces arguments; None takes one away.
    """
    names = (*PERIOD_ARGS, *SEGMENT_ARGS) if segment else PERIOD_ARGS
    kept: dict[str, str | int | None] = {name: request.args[name] for name in names if request.args.get(name)}
    return {name: str(value) for name, value in (kept | changed).items() if value is not None}


def _compared(period: Period, kind: Compare) -> Period | None:
    if kind is Compare.NONE:
        return None
    return period.before if kind is Compare.BEFORE else period.year_before
