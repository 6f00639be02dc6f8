"""Keywords: what was searched on the site and what it led to; what found nothing; and one term by day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from flask import Response, url_for
from werkzeug.exceptions import NotFound

from ecrm.access.roles import Permission, needs
from ecrm.installation import installation
from ecrm.marketing.keywords import (
    opened_from,
    terms_by_day,
    terms_searched,
    tried_before,
    tried_next,
    words_of,
)
from ecrm.marketing.overview import days_in, total
from ecrm.marketing.period import Period, steps
from ecrm.wording import gettext as _
from ecrm.wording import zone

from .blueprint import console
from .figures import Column, Kind, Value, written
from .many_rows import Figures, ratio, rows_of, total_of
from .periods import chosen_period, kept_args
from .product_names import key_names
from .queries import LARGEST, choice_arg
from .reports_frame import Choice, Report, Row, report_csv, report_page
from .site import simulated_words
from .trends import span_words, trend, within

Days = Mapping[date, Mapping[str, int]]
SHOWN = 20
"""Rows of the smaller tables on a term's own page."""


class Show(StrEnum):
    """Which terms."""

    ALL = "all"
    FAILED = "failed"


@console.get("/keywords")
@needs(Permission.OVERVIEW)
def keywords() -> str:
    """The terms that were searched in a period."""
    return report_page(_report())


@console.get("/keywords.csv")
@needs(Permission.OVERVIEW)
def keywords_csv() -> Response:
    """The same as a spreadsheet."""
    return report_csv(_report())


@console.get(f"/keywords/<int(max={LARGEST}):term_id>")
@needs(Permission.OVERVIEW)
def keyword(term_id: int) -> str:
    """One term by day, what was opened from its results, and what people tried besides."""
    report, more = _report_of(term_id)
    return report_page(report, template="ecrm/console/keyword.html", **more)


@console.get(f"/keywords/<int(max={LARGEST}):term_id>.csv")
@needs(Permission.OVERVIEW)
def keyword_csv(term_id: int) -> Response:
    """The days as a spreadsheet."""
    return report_csv(_report_of(term_id)[0])


def term_names(term_ids: list[int]) -> dict[int, str]:
    """Terms in words, asked in a session of their own: a spreadsheet asks while it is being sent."""
    with installation().sessions() as session:
        return words_of(session, term_ids)


def _report() -> Report:
    chosen, show = chosen_period(), choice_arg("show", Show) or Show.ALL
    failed = show is Show.FAILED
    with installation().sessions() as session:
        now = terms_searched(session, chosen.period, failed=failed)
        before = terms_searched(session, chosen.compare, failed=failed) if chosen.compare else None
        days = terms_by_day(session, chosen.period)
        days_before = terms_by_day(session, chosen.compare) if chosen.compare else {}
        figures = total(days_in(session, chosen.period))
    begin = url_for("console.keyword", term_id=0).removesuffix("0")
    asked = f"?{urlencode(kept_args(segment=False))}"

    def row(term_id: int, term: str, values: dict[str, Value], earlier: dict[str, Value] | None) -> Row:
        href = f"{begin}{term_id}{asked}"
        return Row(label=term, figures=values, before=earlier, href=href, links=dict.fromkeys(_OPENING, href))

    columns = term_columns()
    return Report(
        name=f"keywords-{show}",
        title=_("Keywords on the site"),
        intro=_("What people typed into the shop's search, and what the results led to."),
        chosen=chosen,
        by=_("Search term"),
        columns=columns,
        rows=rows_of(now, before, derive=_derived, names=term_names, row=row),
        total=Row(
            _("All terms that found nothing") if failed else _("All terms"),
            total_of(now, _derived) or {}, total_of(before, _derived),
        ),
        sorted_by="-zero_results" if failed else "-searches",
        csv_href=url_for("console.keywords_csv", **kept_args(segment=False, show=show.value)),
        choices=[
            Choice(words, url_for("console.keywords", **kept_args(segment=False, show=one.value)), one is show)
            for one, words in ((Show.ALL, _("All terms")), (Show.FAILED, _("Without results")))
        ],
        drawings=[
            trend(columns[0], chosen, now=lambda span: within(span, days, "searches"),
                  before=lambda span: within(span, days_before, "searches")),
            trend(columns[1], chosen, now=lambda span: within(span, days, "zero_results"),
                  before=lambda span: within(span, days_before, "zero_results")),
        ],
        more_args={"show": show.value},
        simulated=simulated_words(figures.simulated_visits, figures.visits),
        notes=[_days_note(), _earning_note()],
        nothing=_("Every search of these days found something.") if failed and len(days) else "",
    )  # fmt: skip


_OPENING = ("searches", "zero_results", "clicks", "position", "cart_adds", "orders", "revenue_minor", "net_minor")


def term_columns() -> list[Column]:
    """From the search to the money that stays."""
    return [
        Column("searches", _("Searches"), help=_("Further pages of the same results don't count again.")),
        Column("zero_results", _("Found nothing"), good="down", help=_("Searches with no result: demand not met.")),
        Column("clicks", _("Products opened"),
               help=_("From the results within 30 minutes; each product once a visit and term.")),
        Column("click_through", _("Opened a search"), Kind.RATIO, help=_("Products opened, per search.")),
        Column("position", _("Mean place"), Kind.RATIO, good="down",
               help=_("Of the opened products in the results, counted from 1.")),
        Column("cart_adds", _("Into the cart"), help=_("Products opened from the results and then put there.")),
        Column("orders", _("Orders"), help=_("With a product opened from the results in the same visit.")),
        Column("conversion", _("Conversion"), Kind.SHARE, help=_("Orders per search.")),
        Column("revenue_minor", _("Revenue"), Kind.MONEY, help=_("Of these products in these orders, before refunds.")),
        Column("net_minor", _("Net"), Kind.MONEY),
    ]  # fmt: skip


def _derived(of: Mapping[str, Any]) -> dict[str, Figures]:
    return {
        "searches": of["searches"],
        "zero_results": of["zero_results"],
        "clicks": of["clicks"],
        "click_through": ratio(of["clicks"], of["searches"]),
        "position": ratio(of["position_sum"], of["clicks"]),
        "cart_adds": of["cart_adds"],
        "orders": of["orders"],
        "conversion": ratio(of["orders"], of["searches"]),
        "revenue_minor": of["revenue_minor"],
        "net_minor": of["revenue_minor"] - of["refunds_minor"],
    }


def _report_of(term_id: int) -> tuple[Report, dict[str, Any]]:
    chosen = chosen_period()
    period = chosen.period
    with installation().sessions() as session:
        term = words_of(session, [term_id]).get(term_id)
        if term is None:
            raise NotFound(_("There is no such search term."))
        days = terms_by_day(session, period, term_id=term_id)
        before = terms_by_day(session, chosen.compare, term_id=term_id) if chosen.compare else {}
        opened = opened_from(session, term_id, period, zone(), limit=SHOWN)
        following = tried_next(session, term_id, period, limit=SHOWN)
        preceding = tried_before(session, term_id, period, limit=SHOWN)
        words = words_of(session, [one.term_id for one in (*following, *preceding)])
        figures = total(days_in(session, period))
    spans, columns = steps(period), term_columns()
    report = Report(
        name=f"keyword-{term_id}",
        title=_("Search term “%(term)s”", term=term),
        intro="",
        chosen=chosen,
        by=_("Day") if len(spans) == period.days else _("Week"),
        columns=columns,
        rows=[
            Row(span_words(span), values, links=_links(term_id, span))
            for span in spans
            if any((values := _values(span, days)).values())
        ],
        total=Row(
            _("All days"), _values(period, days), _values(chosen.compare, before) if chosen.compare else None,
            links=_links(term_id, period),
        ),
        compared=False,
        csv_href=url_for("console.keyword_csv", term_id=term_id, **kept_args(segment=False)),
        drawings=[
            trend(columns[0], chosen, now=lambda span: within(span, days, "searches"),
                  before=lambda span: within(span, before, "searches")),
            trend(columns[2], chosen, now=lambda span: within(span, days, "clicks"),
                  before=lambda span: within(span, before, "clicks")),
        ],
        simulated=simulated_words(figures.simulated_visits, figures.visits),
        notes=[_("Days without anything are left out of the table."), _days_note(), _earning_note()],
    )  # fmt: skip
    more = {
        "opened": opened, "names": key_names([one.key_id for one in opened]), "following": following,
        "preceding": preceding, "words": words,
        "orders_href": url_for("console.orders", searched=term_id, **chosen.first_and_last),
        "position": lambda value: written(columns[4], value),
    }  # fmt: skip
    return report, more


def _values(span: Period, days: Days) -> dict[str, Value]:
    searches, clicks, orders = (within(span, days, name) for name in ("searches", "clicks", "orders"))
    revenue = within(span, days, "revenue_minor")
    return {
        "searches": searches, "zero_results": within(span, days, "zero_results"), "clicks": clicks,
        "click_through": clicks / searches if searches else None,
        "position": within(span, days, "position_sum") / clicks if clicks else None,
        "cart_adds": within(span, days, "cart_adds"), "orders": orders,
        "conversion": orders / searches if searches else None, "revenue_minor": revenue,
        "net_minor": revenue - within(span, days, "refunds_minor"),
    }  # fmt: skip


def _links(term_id: int, span: Period) -> dict[str, str]:
    orders = url_for("console.orders", searched=term_id, first=span.first, last=span.last)
    return {"orders": orders, "revenue_minor": orders, "net_minor": orders}


def _days_note() -> str:
    return _("What a search leads to counts on the day of the search, refunds on the day the money went back.")


def _earning_note() -> str:
    return _(
        "The last search of the visit from which a product was opened earns it. The list of orders holds those whose "
        "buyers agreed to be joined with their visits; the figures count the others, too."
    )
