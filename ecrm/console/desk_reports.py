"""Reports of the desk: cases with their times, targets and satisfaction, and which products cause which questions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest

from ecrm.access.roles import Permission, may, needs, signed_in_staff
from ecrm.installation import installation
from ecrm.marketing.period import Period, bounds, steps
from ecrm.service.case_facts import CaseFacts, facts_of
from ecrm.service.cases.case import Case
from ecrm.service.reports import ROWS, By, Figures, figures, grouped, key_of
from ecrm.service.reports_products import ProductCases, by_product
from ecrm.service.teams import agents, teams
from ecrm.wording import day, short_day
from ecrm.wording import gettext as _

from .blueprint import console
from .charts import Point, Series, chart
from .figures import Column, Kind, written
from .periods import Chosen, chosen_period, kept_args
from .queries import choice_arg, number_arg, text_arg
from .reports_frame import Choice, Drawing, Report, Row, report_csv, report_page
from .trends import axis_text, span_words

PAGE = 50


@console.get("/desk-report")
@needs(Permission.OVERVIEW)
def desk_report() -> str:
    """Cases of a period."""
    report, all_ = _report()
    return report_page(report, template="ecrm/console/desk_report.html", all=all_)


@console.get("/desk-report.csv")
@needs(Permission.OVERVIEW)
def desk_report_csv() -> Response:
    """The same as a spreadsheet."""
    return report_csv(_report()[0])


@console.get("/desk-products")
@needs(Permission.OVERVIEW)
def desk_products() -> str:
    """Products by the questions that they cause."""
    return report_page(_product_report())


@console.get("/desk-products.csv")
@needs(Permission.OVERVIEW)
def desk_products_csv() -> Response:
    """The same as a spreadsheet."""
    return report_csv(_product_report())


@console.get("/desk-report/cases")
@needs(Permission.CASES)
def desk_report_cases() -> str:
    """The cases behind a number."""
    chosen, by = chosen_period(), choice_arg("by", By)
    what, key, product = text_arg("what") or "cases", text_arg("key"), text_arg("product", longest=64)
    if what not in ROWS:
        raise BadRequest(_("“%(what)s” is no figure of this report.", what=what))
    zone, page = _zone(), max(number_arg("page", largest=100_000) or 1, 1)
    with installation().sessions() as session:
        found = [
            case
            for case in _facts(session, chosen.period)
            if ROWS[what](case)
            and (by is None or key_of(case, by, zone=zone) == key)
            and (not product or case.product == product)
        ]
        shown = found[(page - 1) * PAGE : page * PAGE]
        known = {case.id: case for case in session.scalars(select(Case).where(Case.id.in_([one.id for one in shown])))}
        names = _names(session, by) if by else {}
        people = {one.staff_id: one.name for one in agents(session)}
    return render_template(
        "ecrm/console/desk_report_cases.html", rows=[(one, known[one.id]) for one in shown if one.id in known],
        count=len(found), page=page, more=page * PAGE < len(found), chosen=chosen, what=_what_words()[what],
        group=_label(by, key, names) if by else "", people=people, hours=_hours, product=product,
        args={"what": what, "by": by, "key": key or None, "product": product or None, **chosen.first_and_last},
    )  # fmt: skip


def _report() -> tuple[Report, Figures]:
    chosen, by = chosen_period(), choice_arg("by", By) or By.DAY
    zone = _zone()
    with installation().sessions() as session:
        now = _facts(session, chosen.period)
        before = _facts(session, chosen.compare) if chosen.compare else None
        names = _names(session, by)
    opens = may(signed_in_staff(), Permission.CASES)
    groups, groups_before = grouped(now, by, zone=zone), grouped(before or (), by, zone=zone)
    compared = before is not None and by is not By.DAY
    rows = [
        Row(
            _label(by, key, names),
            _values(cases),
            _values(groups_before.get(key, ())) if compared else None,
            links=_links(chosen, by, key) if opens else {},
        )
        for key, cases in sorted(groups.items(), reverse=by is By.DAY)
    ]
    args: dict[str, Any] = {} if by is By.DAY else {"by": by.value}
    return Report(
        name="desk",
        title=_("The desk's figures"),
        intro=_("Cases that were opened on these days, whenever they were answered and solved."),
        chosen=chosen,
        by=_by_words()[by],
        columns=_columns(),
        rows=rows,
        total=Row(
            _("All"), _values(now), _values(before) if before is not None else None,
            links=_links(chosen, None, "") if opens else {},
        ),
        csv_href=url_for("console.desk_report_csv", **kept_args(segment=False), **args),
        compared=compared,
        choices=[
            Choice(
                words,
                url_for("console.desk_report", **kept_args(segment=False, by=None if one is By.DAY else one.value)),
                one is by,
            )
            for one, words in _by_words().items()
        ],
        drawings=[_drawing(now, chosen.period, zone)],
        notes=[
            _(
                "Times are working hours of the case's team; to a solution, without those in which we waited for the"
                " customer. The 90 % figure is the smallest that nine of ten cases didn't exceed."
            ),
            _("Spam, and cases merged into others, are not counted."),
        ],
        nothing=_("No case was opened on these days."),
        more_args=args,
    ), figures(now)  # fmt: skip


def _product_report() -> Report:
    chosen = chosen_period()
    with installation().sessions() as session:
        now = _by_product(session, chosen.period)
        before = _by_product(session, chosen.compare) if chosen.compare else None
    cards = {card.product_id: card.name for card in installation().storefront.products(list(now)[:500])}
    opens = may(signed_in_staff(), Permission.CASES)
    empty = ProductCases("")
    return Report(
        name="product-questions",
        title=_("Which products cause questions"),
        intro=_("Cases of these days that name a product, against the orders of these days that hold it."),
        chosen=chosen,
        by=_("Product"),
        columns=[
            Column("cases", _("Cases"), good="down"), Column("questions", _("Questions"), good="down"),
            Column("complaints", _("Complaints"), good="down"), Column("returns", _("Returns"), good="down"),
            Column("warranty", _("Warranty"), good="down"), Column("praise", _("Praise")),
            Column("orders", _("Orders")),
            Column("per_hundred", _("Cases for 100 orders"), Kind.RATIO, good="down"),
        ],
        rows=[
            Row(
                cards.get(product, product), _product_values(one),
                _product_values(before.get(product, empty)) if before is not None else None,
                links=_product_links(chosen, product) if opens else {},
            )
            for product, one in sorted(now.items())
        ],
        csv_href=url_for("console.desk_products_csv", **kept_args(segment=False)),
        sorted_by="-cases",
        nothing=_(
            "No case of these days names a product. Agents choose it beside the case;"
            " product questions bring it along."
        ),
    )  # fmt: skip


def _facts(session: Session, period: Period) -> Sequence[CaseFacts]:
    first, end = bounds(period, _zone())
    return facts_of(session, since=first, until=end, now=datetime.now(UTC))


def _by_product(session: Session, period: Period) -> dict[str, ProductCases]:
    first, end = bounds(period, _zone())
    return by_product(session, _facts(session, period), since=first, until=end)


def _product_values(one: ProductCases) -> dict[str, Any]:
    return {
        "cases": one.cases, "questions": one.kinds["question"], "complaints": one.kinds["complaint"],
        "returns": one.kinds["return"], "warranty": one.kinds["warranty"], "praise": one.kinds["praise"],
        "orders": one.orders, "per_hundred": one.per_hundred,
    }  # fmt: skip


def _values(cases: Sequence[CaseFacts]) -> dict[str, Any]:
    found = figures(cases)
    return {
        **found.counts, "response_median": _hours(found.response_median), "response_p90": _hours(found.response_p90),
        "response_kept": found.response_kept, "resolution_median": _hours(found.resolution_median),
        "resolution_p90": _hours(found.resolution_p90), "resolution_kept": found.resolution_kept,
        "satisfaction": found.satisfaction, "happy_share": found.happy, "rated_share": found.rated,
    }  # fmt: skip


def _columns() -> list[Column]:
    return [
        Column("cases", _("Cases"), good=""),
        Column("answered", _("Answered")),
        Column("response_median", _("First response, median (h)"), Kind.RATIO, good="down"),
        Column("response_p90", _("First response, 90 % (h)"), Kind.RATIO, good="down"),
        Column(
            "response_kept", _("Response target kept"), Kind.SHARE,
            help=_("Of cases with a target: answered ones, and those owed an answer since it passed."),
        ),
        Column("response_late", _("Answered late"), good="down"),
        Column("solved", _("Solved")),
        Column("resolution_median", _("Solution, median (h)"), Kind.RATIO, good="down"),
        Column("resolution_p90", _("Solution, 90 % (h)"), Kind.RATIO, good="down"),
        Column(
            "resolution_kept", _("Solution target kept"), Kind.SHARE,
            help=_("Of cases with a target that were solved, or should have been."),
        ),
        Column("resolution_late", _("Solved late"), good="down"),
        Column("reopened", _("Reopened"), good="down", help=_("Came back after they had been solved.")),
        Column("complaints", _("Complaints"), good="down"),
        Column("praise", _("Praise")),
        Column("rated", _("Ratings")),
        Column(
            "rated_share", _("Answered the question"), Kind.SHARE,
            help=_("Of those who were asked how satisfied they are."),
        ),
        Column("satisfaction", _("Satisfaction, 1 to 5"), Kind.RATIO, help=_("The plain mean.")),
        Column("happy_share", _("Satisfied"), Kind.SHARE, help=_("Who gave 4 or 5, of those who answered.")),
    ]  # fmt: skip


def _links(chosen: Chosen, by: By | None, key: str) -> dict[str, str]:
    group: dict[str, Any] = {"by": by.value, "key": key} if by else {}
    return {
        what: url_for("console.desk_report_cases", what=what, **group, **chosen.first_and_last) for what in ROWS
    }  # fmt: skip


def _product_links(chosen: Chosen, product: str) -> dict[str, str]:
    """The rows behind a product's figures; complaints and praise are figures of the report of cases, too."""
    return {
        what: url_for("console.desk_report_cases", what=what, product=product, **chosen.first_and_last)
        for what in ("cases", "complaints", "praise")
    }


def _drawing(cases: Sequence[CaseFacts], period: Period, zone: ZoneInfo) -> Drawing:
    """Complaints as bars, praise as a line over them."""
    spans = steps(period)
    days = grouped(cases, By.DAY, zone=zone)

    def count(span: Period, what: str) -> int:
        return sum(ROWS[what](case) for one in span for case in days.get(one.isoformat(), ()))

    column = Column("complaints", _("Complaints"))
    points = [
        Point(label=span_words(span), axis=short_day(span.first), value=value, text=written(column, value))
        for span in spans
        for value in (count(span, "complaints"),)
    ]
    praise = [count(span, "praise") for span in spans]
    return Drawing(
        key="chart-complaints", title=_("Complaints and praise"), summary=_("Bars: complaints. Line: praise."),
        chart=chart(
            "bars", points, axis_text=axis_text(column, ""), whole=True,
            series=[Series(_("Praise"), praise, [written(column, value) for value in praise])],
        ),
        headings=(_("Day"), column.label, _("Praise")),
    )  # fmt: skip


def _names(session: Session, by: By) -> dict[str, str]:
    if by is By.TEAM:
        return {str(team.id): team.name for team in teams(session, archived=True)}
    return {one.staff_id: one.name for one in agents(session)} if by is By.AGENT else {}


def _label(by: By, key: str, names: dict[str, str]) -> str:
    match by:
        case By.DAY:
            try:
                return day(date.fromisoformat(key))
            except ValueError:
                return key
        case By.CHANNEL:
            return _channels().get(key, key)
        case By.KIND:
            return _kinds().get(key, key)
        case By.PRIORITY:
            return {"1": _("low"), "2": _("normal"), "3": _("high"), "4": _("urgent")}.get(key, key)
        case _:
            return names.get(key, key) or _("nobody")


def _by_words() -> dict[By, str]:
    return {
        By.DAY: _("Day"), By.CHANNEL: _("Channel"), By.KIND: _("Kind"), By.PRIORITY: _("Priority"),
        By.TEAM: _("Team"), By.AGENT: _("Agent"),
    }  # fmt: skip


def _channels() -> dict[str, str]:
    return {
        "form": _("web form"), "email": _("e-mail"), "phone": _("telephone"), "staff": _("by staff"),
        "review": _("review"),
    }  # fmt: skip


def _kinds() -> dict[str, str]:
    return {
        "question": _("question"), "complaint": _("complaint"), "praise": _("praise"), "return": _("return"),
        "warranty": _("warranty"), "delivery": _("delivery"), "data": _("data and privacy"), "other": _("other"),
    }  # fmt: skip


def _what_words() -> dict[str, str]:
    words = {column.key: column.label for column in _columns()}
    return words | {"asked": _("Asked how satisfied"), "happy": _("Satisfied")}


def _hours(seconds: float | None) -> float | None:
    return None if seconds is None else seconds / 3600


def _zone() -> ZoneInfo:
    return ZoneInfo(installation().storefront.facts().time_zone)
