"""Reading the dates of a file of sales: whether 1/12 is January or December is decided once, over the whole column."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from .report import BrokenFile, ImportReport
from .sales_rows import Unreadable

EARLIEST = date(1990, 1, 1)
"""Nothing was sold before by a shop whose files we read; an older date is a slip of somebody's pen."""
_MONTH_FIRST = ("%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%m/%d/%y %H:%M", "%m/%d/%Y")
_DAY_FIRST = tuple(text.replace("%m/%d", "%d/%m") for text in _MONTH_FIRST)


class Dates:
    """Note every value first, then `settle`, then ask `wall_time` of each; equal texts are parsed once."""

    def __init__(self, *, zone: ZoneInfo, today: date) -> None:
        """`zone`: the shop's, which moments with an offset are turned into; `today`: in that zone."""
        self._zone = zone
        self._latest = today + timedelta(days=1)
        self._noted: dict[str, int] = {}
        self._known: dict[str, datetime | Unreadable] = {}

    def note(self, line: int, value: Any) -> None:
        """A value of the column, and where it stands."""
        if isinstance(value, str):
            self._noted.setdefault(value.strip(), line)

    def settle(self, report: ImportReport) -> None:
        """Decide the order of day and month, and say so in the report where the file leaves it open.

        Raises:
            BrokenFile: the file writes some dates day first and others month first.
        """
        day_first: dict[str, datetime] = {}
        month_first: dict[str, datetime] = {}
        for text in self._noted:
            iso = _iso(text)
            if iso is not None:
                self._known[text] = self._checked(text, iso)
                continue
            for formats, found in ((_DAY_FIRST, day_first), (_MONTH_FIRST, month_first)):
                moment = _parsed(text, formats)
                if moment is not None:
                    found[text] = moment
        chosen = month_first
        only_day = next((text for text in day_first if text not in month_first), "")
        only_month = next((text for text in month_first if text not in day_first), "")
        if only_day and only_month:
            raise BrokenFile(
                f"The dates contradict each other: {only_day!r} (line {self._noted[only_day]}) has the day first, "
                f"{only_month!r} (line {self._noted[only_month]}) the month. Write them as year-month-day."
            )
        if only_day:
            chosen = day_first
            report.notes.append(f"dates are read day first, as {only_day!r} in line {self._noted[only_day]} must be")
        elif not only_month and any(day_first[text] != moment for text, moment in month_first.items()):
            report.notes.append("dates are read month first (12/1 is December 1), since none of them says otherwise")
        self._known |= {text: self._checked(text, moment) for text, moment in chosen.items()}

    def wall_time(self, value: Any) -> datetime:
        """The time on the shop's clocks.

        Raises:
            Unreadable: it is no date, or none at which anything can have been sold.
        """
        if isinstance(value, datetime):
            found: datetime | Unreadable | None = self._checked(str(value), value)
        else:
            found = self._known.get(str(value).strip())
        if isinstance(found, datetime):
            return found
        shown = "" if value is None else str(value).strip()[:40]
        raise found or Unreadable(f"InvoiceDate {shown!r} is no date")

    def _checked(self, text: str, moment: datetime) -> datetime | Unreadable:
        try:
            local = moment if moment.tzinfo is None else moment.astimezone(self._zone).replace(tzinfo=None)
            plausible = EARLIEST <= local.date() <= self._latest
        except OverflowError:  # the zone would move it out of the calendar
            plausible = False
        if not plausible:
            return Unreadable(f"InvoiceDate {text[:40]!r} is out of range ({EARLIEST} to {self._latest})")
        return local


def moment_of(wall_time: datetime, *, weeks: int, zone: ZoneInfo) -> datetime:
    """The UTC moment of a wall time, moved by whole weeks."""
    moved = wall_time + timedelta(weeks=weeks) if weeks else wall_time  # adding would forget which of two equal hours
    return moved.replace(tzinfo=zone).astimezone(UTC)


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _parsed(text: str, formats: tuple[str, ...]) -> datetime | None:
    for form in formats:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 (a wall time; the shop's zone is added later)
        except ValueError:
            continue
    return None
