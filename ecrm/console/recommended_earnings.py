"""What recommendations earn: impressions to net revenue by placement, position and strategy, and the rows behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from flask import Response, render_template, url_for

from ecrm.access.roles import Permission, needs
from ecrm.installation import Installation, installation
from ecrm.marketing.overview import days_in, total
from ecrm.marketing.period import Period
from ecrm.marketing.recommended.figures import (
    By,
    CreditRow,
    Earned,
    Which,
    credits_of,
    earned_by,
    earned_by_day,
    earned_in,
    visits_with_click,
)
from ecrm.wording import gettext as _

from .blueprint import console
from .figures import Column, Kind, Value, written
from .periods import chosen_period, kept_args
from .placement_words import placement_name, strategy_name
from .product_names import key_names
from .queries import LARGEST_INTEGER, choice_arg, day_cursor, day_cursor_arg, number_arg, text_arg
from .reports_frame import Choice, Report, Row, report_csv, report_page
from .segments import UNKNOWN, in_address
from .site import simulated_words
from .spreadsheets import Cell, csv_response, major
from .trends import trend, within

PAGE = 50
EXPORT_BATCH = 1000


@console.get("/recommendations/earnings")
@needs(Permission.OVERVIEW)
def recommended_earnings() -> str:
    """The report, with the visits in which a recommendation was clicked beside all others."""
    report = _report()
    with installation().sessions() as session:
        clicked, others = visits_with_click(session, report.chosen.period)
    share, money = Column("", "", Kind.SHARE), Column("", "", Kind.MONEY)
    return report_page(
        report, template="ecrm/console/recommended_earnings.html", clicked=clicked, others=others,
        share=lambda value: written(share, value), amount=lambda value: written(money, value),
        placement=placement_name(placement) if (placement := _which().placement) else "",
    )  # fmt: skip


@console.get("/recommendations/earnings.csv")
@needs(Permission.OVERVIEW)
def recommended_earnings_csv() -> Response:
    """The same as a spreadsheet."""
    return report_csv(_report())


@console.get("/recommendations/credits")
@needs(Permission.OVERVIEW)
def recommended_credits() -> str:
    """The postings behind the money, latest first."""
    chosen, which = chosen_period(), _which()
    with installation().sessions() as session:
        rows = credits_of(session, chosen.period, which=which, before=day_cursor_arg(), limit=PAGE + 1)
    last = rows[PAGE - 1].credit if len(rows) > PAGE else None
    return render_template(
        "ecrm/console/recommended_credits.html", chosen=chosen, rows=rows[:PAGE], args=_args(which), of=_words(which),
        names=key_names({row.product_key.id for row in rows[:PAGE]}), placement_name=placement_name,
        strategy_name=strategy_name, more=day_cursor(last.day, last.id) if last else "",
    )  # fmt: skip


@console.get("/recommendations/credits.csv")
@needs(Permission.OVERVIEW)
def recommended_credits_csv() -> Response:
    """All of them as a spreadsheet, without persons."""
    period = chosen_period().period
    filename = f"recommended-{period.first}-{period.last}.csv"
    return csv_response(_lines(installation(), period, _which()), filename=filename)


def _report() -> Report:
    chosen, which = chosen_period(), _which()
    by = choice_arg("by", By) or By.PLACEMENT
    with installation().sessions() as session:
        now = earned_by(session, chosen.period, by=by, which=which)
        before = earned_by(session, chosen.compare, by=by, which=which) if chosen.compare else {}
        whole = earned_in(session, chosen.period, which=which)
        whole_before = earned_in(session, chosen.compare, which=which) if chosen.compare else None
        days = earned_by_day(session, chosen.period, which=which)
        days_before = earned_by_day(session, chosen.compare, which=which) if chosen.compare else {}
        figures = total(days_in(session, chosen.period))
    columns = _columns()
    net = columns[-2]
    return Report(
        name="recommended",
        title=_("What recommendations earn"),
        intro=_("From being shown to the money that stays, credited to the last click on each product."),
        chosen=chosen,
        by=_by_words(by),
        columns=columns,
        rows=[_row(by, key, one, before.get(key), which) for key, one in sorted(now.items())],
        total=Row(_("Together"), _values(whole), _values(whole_before) if whole_before else None, links=_links(which)),
        sorted_by="" if by is By.POSITION else "-net_minor",
        csv_href=url_for("console.recommended_earnings_csv", by=by.value, **_args(which), **kept_args(segment=False)),
        drawings=[
            trend(net, chosen, now=lambda span: _net(span, days), before=lambda span: _net(span, days_before)),
            trend(columns[1], chosen, now=lambda span: within(span, days, "clicks"),
                  before=lambda span: within(span, days_before, "clicks")),
        ],
        choices=[_choice(one, by, which) for one in By],
        notes=[
            _("A click, and what it led to, is known by the card's link, without a script. It counts once a visit, "
              "place and product; of browsers that agreed to nothing each click counts, and no order is credited."),
            _("E-mails are in no rate per product shown: nobody can say how often one was looked at."),
            _("An order may have come by several places: it counts for each, and once in the line below."),
        ],
        nothing=_("No recommendations were shown in these days."),
        simulated=simulated_words(figures.simulated_visits, figures.visits),
        more_args={"by": by.value, **_args(which)},
    )  # fmt: skip


def _columns() -> list[Column]:
    """In the order in which a sale comes about."""
    window = installation().app.config["ECRM_RECOMMENDATION_DAYS"]
    return [
        Column("impressions", _("Shown"), help=_("Products in recommendations, each time they were shown.")),
        Column("clicks", _("Clicks"), help=_("Products opened, or put into the cart at once.")),
        Column("click_rate", _("Click rate"), Kind.SHARE, help=_("Clicks per product shown.")),
        Column("cart_adds", _("Into the cart"), help=_("Of the products clicked, in the same visit.")),
        Column("orders", _("Orders"), help=_("With a product clicked up to %(days)s days before.", days=window)),
        Column("revenue_minor", _("Revenue"), Kind.MONEY,
               help=_("Of these products only, after discounts, before refunds.")),
        Column("refunds_minor", _("Refunds"), Kind.MONEY, good="down",
               help=_("What went back of them in these days, also for earlier orders.")),
        Column("net_minor", _("Net"), Kind.MONEY),
        Column("net_per_thousand", _("Net per 1,000 shown"), Kind.MONEY),
    ]  # fmt: skip


def _by_words(by: By) -> str:
    return {By.PLACEMENT: _("Placement"), By.POSITION: _("Position"), By.STRATEGY: _("Strategy")}[by]


def _choice(one: By, chosen: By, which: Which) -> Choice:
    href = url_for("console.recommended_earnings", by=one.value, **_args(which), **kept_args(segment=False))
    return Choice(_by_words(one), href, chosen=one is chosen)


def _row(by: By, key: Any, now: Earned, before: Earned | None, which: Which) -> Row:
    """A line; a placement opens into its positions."""
    href = ""
    match by:
        case By.PLACEMENT:
            label, mine = placement_name(key), replace(which, placement=key)
            kept = kept_args(segment=False)
            href = url_for("console.recommended_earnings", by=By.POSITION.value, **_args(mine), **kept)
        case By.POSITION:
            label, mine = _("Position %(n)s", n=key), replace(which, position=key)
        case By.STRATEGY:
            label, mine = strategy_name(key), replace(which, strategy=key)
    return Row(label, _values(now), _values(before) if before else None, href=href, links=_links(mine))


def _values(one: Earned) -> dict[str, Value]:
    return {column.key: getattr(one, column.key) for column in _columns()}


def _links(which: Which) -> dict[str, str]:
    href = url_for("console.recommended_credits", **_args(which), **kept_args(segment=False))
    return dict.fromkeys(("orders", "revenue_minor", "refunds_minor", "net_minor"), href)


def _net(span: Period, days: Any) -> int:
    return within(span, days, "revenue_minor") - within(span, days, "refunds_minor")


def _which() -> Which:
    """The slots that the address asks for."""
    placement, strategy = text_arg("placement", longest=20), text_arg("strategy", longest=20)
    return Which(
        placement=placement or None,
        position=number_arg("position", largest=LARGEST_INTEGER),
        strategy=None if not strategy else "" if strategy == UNKNOWN else strategy,
    )


def _args(which: Which) -> dict[str, Any]:
    strategy = None if which.strategy is None else in_address(which.strategy)
    asked = {"placement": which.placement, "position": which.position, "strategy": strategy}
    return {name: str(value) for name, value in asked.items() if value is not None}


def _words(which: Which) -> str:
    """The slots in words, for a page's head."""
    parts = [
        placement_name(which.placement) if which.placement else "",
        _("Position %(n)s", n=which.position) if which.position is not None else "",
        strategy_name(which.strategy) if which.strategy is not None else "",
    ]
    return " · ".join(part for part in parts if part)


def _lines(crm: Installation, period: Period, which: Which) -> Iterator[tuple[Cell, ...]]:
    currency = crm.storefront.facts().currency
    yield ("day", "kind", "order", "refund", "product", "placement", "position", "strategy", "pieces",
           f"amount {currency}")  # fmt: skip
    before = None
    while True:
        with crm.sessions() as session:
            rows: list[CreditRow] = credits_of(session, period, which=which, before=before, limit=EXPORT_BATCH)
        for row in rows:
            yield (
                row.credit.day, "refund" if row.refund else "order", row.order.reference,
                row.refund.reference if row.refund else "", row.product_key.product, row.slot.placement,
                row.slot.position, row.slot.strategy, row.credit.quantity, major(row.credit.amount_minor, currency),
            )  # fmt: skip
        if len(rows) < EXPORT_BATCH:
            return
        before = rows[-1].credit.day, rows[-1].credit.id
