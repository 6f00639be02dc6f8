"""The frame of every report: columns and rows in, a page or a spreadsheet out.

A report is a query module in `ecrm.marketing` and a view that names its columns and links. The frame sorts, pages,
writes figures in the reader's language, sets each beside the comparison, and keeps period and segment in its links.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from flask import Response, render_template, request, url_for
from werkzeug.exceptions import BadRequest

from ecrm.installation import installation
from ecrm.marketing.segment import Segment
from ecrm.wording import gettext as _

from .charts import Chart
from .figures import Column, FigureWords, Kind, Value
from .periods import Chosen, kept_args
from .queries import number_arg, text_arg
from .segments import Filter
from .spreadsheets import Cell, csv_response, major

PAGE = 50


@dataclass(frozen=True)
class Row:
    """What the figures are of, and the figures by column; `before` those of the comparison.

    `href` opens the row, `links` the rows behind single figures, by column. `note` is said in a smaller hand.
    """

    label: str
    figures: Mapping[str, Value]
    before: Mapping[str, Value] | None = None
    href: str = ""
    links: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    simulated: bool = False


class SortedRows(Protocol):
    """Rows that know how to sort themselves, so that thousands need not be made for a page of them: `ManyRows`."""

    def __len__(self) -> int: ...

    def sorted_by(self, key: str, *, descending: bool) -> Sequence[Row]:
        """The rows by a column, by `label`, or as they come where the key is empty."""


@dataclass(frozen=True)
class Drawing:
    """A chart above the table. `headings`: of the table behind it, the columns after the first are its series."""

    key: str
    title: str
    summary: str
    chart: Chart
    headings: tuple[str, ...]


@dataclass(frozen=True)
class Choice:
    """A way of looking at the same report, e.g. by channel or by device."""

    label: str
    href: str
    chosen: bool


@dataclass(frozen=True)
class Report:
    """All that page and spreadsheet need. `name` starts the file's name; `by` heads the first column.

    `sorted_by` is a column's key, with a minus for "largest first", or empty for the order in which the rows come.
    `compared`: whether rows have figures of the comparison, too. `warning`: why the figures may not be whole.
    """

    name: str
    title: str
    intro: str
    chosen: Chosen
    by: str
    columns: Sequence[Column]
    rows: Sequence[Row] | SortedRows
    csv_href: str
    total: Row | None = None
    sorted_by: str = ""
    segment: Segment = field(default_factory=Segment)
    filters: Sequence[Filter] = ()
    drawings: Sequence[Drawing] = ()
    choices: Sequence[Choice] = ()
    notes: Sequence[str] = ()
    nothing: str = ""
    compared: bool = True
    simulated: str = ""
    warning: str = ""
    more_args: Mapping[str, str] = field(default_factory=dict)


def report_page(report: Report, *, template: str = "ecrm/console/report.html", **more: Any) -> str:
    """The report as a page; `more` goes to a template that extends `report.html`."""
    rows = arranged(report)
    page = max(number_arg("page") or 1, 1)
    words = FigureWords()
    shown = rows[(page - 1) * PAGE : page * PAGE]
    if page > 1 and not shown:
        raise BadRequest(_("There is no such page. Start again from the first page."))
    return render_template(
        template,
        report=report, chosen=report.chosen, columns=report.columns, rows=shown, count=len(rows), page=page,
        first_row=(page - 1) * PAGE + 1, has_more=page * PAGE < len(rows), sort=_sort(report),
        written=words.written, delta=words.delta, link=lambda **args: _here(report, **args), **more,
    )  # fmt: skip


def report_csv(report: Report) -> Response:
    """The report as a spreadsheet: all rows, and with a comparison each figure's value in it."""
    period = report.chosen.period
    _sort(report)  # a column that doesn't exist is refused before the file begins
    return csv_response(_lines(report), filename=f"{report.name}-{period.first}-{period.last}.csv")


def arranged(report: Report) -> Sequence[Row]:
    """The rows in the order asked for; rows without the figure come last."""
    key, descending = _sort(report)
    if not isinstance(report.rows, Sequence):
        return report.rows.sorted_by(key, descending=descending)
    if not key:
        return list(report.rows)
    if key == "label":
        return sorted(report.rows, key=lambda row: row.label.casefold(), reverse=descending)
    known = [row for row in report.rows if row.figures.get(key) is not None]
    known.sort(key=lambda row: row.label.casefold())
    known.sort(key=lambda row: row.figures[key] or 0, reverse=descending)
    return known + [row for row in report.rows if row.figures.get(key) is None]


def _sort(report: Report) -> tuple[str, bool]:
    """The column to sort by and whether the largest comes first."""
    asked = text_arg("sort", longest=60) or report.sorted_by
    key, descending = asked.removeprefix("-"), asked.startswith("-")
    if key and key != "label" and all(column.key != key for column in report.columns):
        raise BadRequest(_("This report has no column “%(column)s”.", column=key))
    return key, descending


def _here(report: Report, **changed: str | int | None) -> str:
    """This report's address with some arguments changed; None takes one away."""
    sort = request.args.get("sort") or None
    args = {**kept_args(), **report.more_args, "sort": sort, **changed}
    return url_for(request.endpoint or "", **(request.view_args or {}), **_given(args))


def _given(args: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in args.items() if value is not None}


def _lines(report: Report) -> Iterator[tuple[Cell, ...]]:
    currency = installation().storefront.facts().currency
    compared = report.chosen.compare is not None and report.compared
    heads: list[Cell] = [report.by]
    for column in report.columns:
        head = f"{column.label} {currency}" if column.kind is Kind.MONEY else column.label
        heads += [head, _("%(column)s, compared", column=head)] if compared else [head]
    yield tuple(heads)
    for row in arranged(report):
        cells: list[Cell] = [f"{row.label} ({row.note})" if row.note else row.label]
        for column in report.columns:
            cells.append(_cell(column, row.figures.get(column.key), currency))
            if compared:
                cells.append(_cell(column, (row.before or {}).get(column.key), currency))
        yield tuple(cells)


def _cell(column: Column, value: Value, currency: str) -> Cell:
    if value is None:
        return None
    if column.kind is Kind.MONEY:
        return major(round(value), currency)
    return value if isinstance(value, int) else str(round(value, 6))
