"""A search engine's report as terms by day, and every row that can't be taken with the reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from ecrm.marketing.period import Period
from ecrm.wording import gettext as _
from tracking.clickstream.sources import folded_code

from . import figures
from .cost_rows import Refusal
from .export import Line, Table, Unreadable, read_table
from .search_engines import SearchEngine

_NO_ROWS = ("total", "gesamt", "©")
_LAST_PLACE = 100_000
SINCE = "since "
"""Begins the `campaign` of a report's row that is about several days, of which its own is the last."""


@dataclass
class TermCount:
    """A term on a day, its rows added up. `term` is folded as `Source.term`; empty: the day's sum over all terms.

    `position_hundredths` is the mean position times impressions, in hundredths; None without a position.
    """

    day: date
    term: str
    campaign: str
    clicks: int = 0
    impressions: int = 0
    cost: Decimal = Decimal(0)
    cost_minor: int = 0
    position_hundredths: Decimal | None = None

    @property
    def position(self) -> int | None:
        """The mean position in hundredths, weighted by impressions."""
        if self.position_hundredths is None:
            return None
        return int((self.position_hundredths / max(self.impressions, 1)).to_integral_value(ROUND_HALF_EVEN))


@dataclass(frozen=True)
class SearchExport:
    """What a report says.

    `span`: the days that its rows are about, where they say none themselves. `by_term`: without, it holds days' sums.
    A day of which one row can't be taken is left out, since a report replaces what was known of its days.
    """

    engine: SearchEngine
    terms: Sequence[TermCount]
    refused: Sequence[Refusal]
    rows: int
    notes: Sequence[str]
    by_term: bool = True
    span: Period | None = None

    @property
    def period(self) -> Period:
        return Period(min(one.day for one in self.terms), max(one.day for one in self.terms))


def read_searches(
    content: bytes, engine: SearchEngine, *, currency: str, decimals: int, today: date, span: Period | None = None
) -> SearchExport:
    """Read a report.

    Args:
        span: the days that a report without a column of days is about; its rows count on the last of them.

    Raises:
        Unreadable: nothing of the file can be taken; says why and what to do.
    """
    table = read_table(content, engine.headings)
    notes = []
    if "day" not in table.columns:
        if span is None or not engine.undated:
            raise Unreadable(_("The file has no column of days. Say which days it is about, and upload it again."))
        if span.last > today:
            raise Unreadable(_("%(day)s lies in the future.", day=span.last.isoformat()))
        notes.append(
            _("The file has no days: its rows count on %(last)s, the last of the days it is about.",
              last=span.last.isoformat())
        )  # fmt: skip
    if "term" not in table.columns:
        if "day" not in table.columns:
            raise Unreadable(_("The file has no column of search terms. Export queries."))
        notes.append(_("The file has no terms: it holds each day's clicks on all terms together."))
    rows = [line for line in table.rows if not _is_total(table, line)]
    suggested = "," if {name.casefold() for name in table.headings.values()} & set(engine.comma_headings) else "."
    cells = [(line.number, table.cell(line, key)) for line in rows for key in ("amount", "position")]
    mark = figures.decimal_mark(cells, otherwise=suggested)
    order = figures.day_order(
        [(line.number, table.cell(line, "day")) for line in rows],
        above=[found for line in table.above for found in figures.all_days(line)],
    )
    if "day" in table.columns:
        span = None
    terms: dict[tuple[date, str, str], TermCount] = {}
    lines: defaultdict[date, list[int]] = defaultdict(list)
    broken: set[date] = set()
    refused: list[Refusal] = []
    for line in rows:
        day = None
        try:
            day = span.last if span else figures.day(table.cell(line, "day"), order=order, today=today)
            said = table.cell(line, "currency").upper()
            if said and said != currency:
                raise ValueError(
                    _("The row is in %(theirs)s, the shop's currency is %(ours)s.", theirs=said[:10], ours=currency)
                )
            _add(terms, table, line, day=day, mark=mark, campaign=f"{SINCE}{span.first}" if span else "")
            lines[day].append(line.number)
        except ValueError as error:
            refused.append(Refusal(line.number, str(error)))
            if day is not None and span is None:
                broken.add(day)
    why = _("Another row of this day can't be taken, so the whole day is left out.")
    refused = sorted(refused + [Refusal(number, why) for day in broken for number in lines[day]])
    terms = {key: one for key, one in terms.items() if one.day not in broken}
    for one in terms.values():
        one.cost_minor = int(one.cost.scaleb(decimals).to_integral_value(ROUND_HALF_EVEN))
    if not terms and not refused:
        raise Unreadable(_("The file has headings but no rows. Export days on which something was shown."))
    ordered = sorted(terms.values(), key=lambda one: (one.day, one.term, one.campaign))
    return SearchExport(engine, ordered, refused, len(rows), notes, "term" in table.columns, span)


def _add(
    terms: dict[tuple[date, str, str], TermCount], table: Table, line: Line, *, day: date, mark: str, campaign: str
) -> None:
    term = folded_code(table.cell(line, "term"))
    if "term" in table.columns and not term:
        raise ValueError(_("The row names no search term."))
    campaign = campaign or folded_code(table.cell(line, "campaign"))
    clicks, shown = figures.count(table.cell(line, "clicks")) or 0, figures.count(table.cell(line, "impressions")) or 0
    cost = figures.amount(table.cell(line, "amount"), mark=mark)
    position = figures.amount(table.cell(line, "position"), mark=mark) if table.cell(line, "position") else None
    if position is not None and not 0 <= position <= _LAST_PLACE:
        raise ValueError(_("“%(cell)s” is no position.", cell=table.cell(line, "position")[:40]))
    one = terms.setdefault((day, term, campaign), TermCount(day, term, campaign))
    if max(one.clicks + clicks, one.impressions + shown) > figures.MOST_COUNTED or abs(one.cost + cost) > figures.MOST:
        raise ValueError(_("The term's rows add up to more than can be believed."))
    one.clicks += clicks
    one.impressions += shown
    one.cost += cost
    if position is not None:
        one.position_hundredths = (one.position_hundredths or Decimal(0)) + position * 100 * max(shown, 1)


def _is_total(table: Table, line: Line) -> bool:
    first = next((cell.strip() for cell in line.cells if cell.strip()), "").casefold()
    # People search for "Total Wine" and "© symbol", but a sum has no day.
    return first.startswith(_NO_ROWS) and "day" in table.columns and not figures.looks_like_day(table.cell(line, "day"))
