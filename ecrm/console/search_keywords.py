"""Keywords at search engines, paid and organic: visits and money beside the engines' own reports."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from operator import add

from flask import Response, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest

from ecrm.access.roles import Permission, needs
from ecrm.installation import installation
from ecrm.marketing.attribution.models import Model
from ecrm.marketing.period import Period
from ecrm.marketing.roi import Earnings
from ecrm.marketing.search_engines import Keyword, Reported, Search, keywords_at
from ecrm.wording import gettext as _

from .blueprint import console
from .figures import Column, Kind, Value
from .periods import Chosen, chosen_period, kept_args
from .queries import choice_arg, text_arg
from .reports_frame import Choice, Report, Row, report_csv, report_page
from .segments import UNKNOWN, in_address, unknown
from .site import simulated_words
from .visit_columns import visit_links


@console.get("/keywords/search-engines")
@needs(Permission.OVERVIEW)
def search_keywords() -> str:
    """The keywords of a period, paid or organic."""
    return report_page(_report())


@console.get("/keywords/search-engines.csv")
@needs(Permission.OVERVIEW)
def search_keywords_csv() -> Response:
    """The same as a spreadsheet."""
    return report_csv(_report())


def _report() -> Report:
    chosen, search = chosen_period(), choice_arg("kind", Search) or Search.ORGANIC
    model, engine = choice_arg("model", Model) or Model.LAST_NON_DIRECT, text_arg("engine", longest=100)
    with installation().sessions() as session:
        every = keywords_at(session, chosen.period, search, model=model)
        engines = sorted({one.engine for one in every})
        now = _of_engine(every, engine)
        before = _of_engine(_read(session, chosen.compare, search, model), engine)
    if engine and engine != UNKNOWN and engine not in engines and not before:
        raise BadRequest(_("No visit and no report of these days names the search engine “%(engine)s”.", engine=engine))
    earlier = {(one.engine, one.term, one.unnamed): one for one in before}
    whole = _whole(now)
    kept = {"kind": search.value, "model": model.value, "engine": engine or None}
    given = {name: value for name, value in kept.items() if value is not None}
    return Report(
        name=f"search-engines-{search}",
        title=_("Keywords at search engines"),
        intro=_intro(search),
        chosen=chosen,
        by=_("Keyword"),
        columns=_columns(search),
        rows=[_row(one, earlier.get((one.engine, one.term, one.unnamed)), search, chosen, model) for one in now],
        total=Row(
            _("All keywords"), _values(whole, search), _values(_whole(before), search) if chosen.compare else None,
        ),
        sorted_by="-visits",
        csv_href=url_for("console.search_keywords_csv", **kept_args(segment=False, **kept)),
        choices=_choices(search, engine, engines, kept),
        simulated=simulated_words(whole.seen.simulated_visits, whole.seen.visits),
        more_args=given,
        notes=[
            _("Orders and money by the model “%(model)s”: %(rule)s", model=model.label, rule=model.rule),
            _("Clicks are the engine's, visits ours: refused consent, bots and double clicks make the difference."),
        ],
        nothing=_(
            "No visit of these days came from a search engine's results of this kind, and no report was imported."
        ),
    )  # fmt: skip


def _read(session: Session, period: Period | None, search: Search, model: Model) -> list[Keyword]:
    return keywords_at(session, period, search, model=model) if period else []


def _of_engine(keywords: list[Keyword], engine: str) -> list[Keyword]:
    if not engine:
        return keywords
    wanted = "" if engine == UNKNOWN else engine
    return [one for one in keywords if one.engine == wanted]


def _intro(search: Search) -> str:
    if search is Search.PAID:
        return _(
            "A visit's keyword is what the advertisement's link says (utm_term); a report's is what people typed. They "
            "share a line where both are spelt alike."
        )
    return _(
        "Search engines hardly ever tell a shop what was searched. Visits without it are shown as not provided and are "
        "not shared out by guesswork; import a Search Console report to see its terms."
    )


def _columns(search: Search) -> list[Column]:
    cost = [
        Column("cost_minor", _("Cost"), Kind.MONEY, good="", help=_("As the engine reports it for this term.")),
    ] if search is Search.PAID else [
        Column("position", _("Mean place"), Kind.RATIO, good="down",
               help=_("In the engine's results, by its report; each time shown weighs the same.")),
    ]  # fmt: skip
    return [
        Column("visits", _("Visits"), help=_("Counted on the shop's side, where visitors agreed to statistics.")),
        Column("orders", _("Orders"), Kind.RATIO, help=_("Credited orders; one may be shared by several sources.")),
        Column("net_minor", _("Net"), Kind.MONEY, help=_("Credited revenue less credited refunds.")),
        Column("impressions", _("Shown"), help=_("By the engine's report.")),
        Column("clicks", _("Clicks"), help=_("By the engine's report.")),
        Column("click_rate", _("Click rate"), Kind.SHARE, help=_("Clicks per time shown, by the engine's report.")),
        *cost,
    ]


def _values(one: Keyword, search: Search) -> dict[str, Value]:
    told = one.reported
    values: dict[str, Value] = {
        "visits": one.seen.visits, "orders": one.seen.orders, "net_minor": one.seen.net_minor,
        "impressions": told.impressions if told else None, "clicks": told.clicks if told else None,
        "click_rate": told.clicks / told.impressions if told and told.impressions else None,
    }  # fmt: skip
    if one.unnamed:  # nothing of ours stands for it
        values |= dict.fromkeys(("visits", "orders", "net_minor"))
    if search is Search.PAID:
        return values | {"cost_minor": told.cost_minor if told else None}
    return values | {"position": told.position if told else None}


def _row(one: Keyword, before: Keyword | None, search: Search, chosen: Chosen, model: Model) -> Row:
    links = {}
    if len(one.sources) == 1:  # a list of visits is narrowed down to one name of the source
        (source,) = one.sources
        links["visits"] = visit_links(**chosen.first_and_last, channel=search.channel)(
            source=in_address(source), term=in_address(one.term)
        )
    if len(one.keys) == 1:
        (key,) = one.keys
        credits = url_for("console.credits", key=key, **chosen.first_and_last, model=model.value)
        links |= dict.fromkeys(("orders", "net_minor"), credits)
    return Row(
        label=one.term or _nameless(one, search),
        note=one.engine or unknown(),
        figures=_values(one, search),
        before=_values(before, search) if before else None,
        links=links,
        simulated=bool(one.seen.simulated_visits),
    )


def _nameless(one: Keyword, search: Search) -> str:
    if one.unnamed:
        return _("(not named by the engine)")
    return _("(no keyword in the link)") if search is Search.PAID else _("(not provided)")


def _whole(keywords: list[Keyword]) -> Keyword:
    seen = reduce(add, (one.seen for one in keywords), Earnings())
    told = [one.reported for one in keywords if one.reported is not None]
    if not told:
        return Keyword("", "", seen, None)
    placed = [one for one in told if one.position is not None]
    shown = sum(one.impressions for one in placed)
    whole = Reported(
        clicks=sum(one.clicks for one in told), impressions=sum(one.impressions for one in told),
        cost_minor=sum(one.cost_minor for one in told),
    )  # fmt: skip
    if shown:
        whole = replace(whole, position=sum((one.position or 0) * one.impressions for one in placed) / shown)
    return Keyword("", "", seen, whole)


def _choices(search: Search, engine: str, engines: list[str], kept: dict[str, str | None]) -> list[Choice]:
    def href(**changed: str | None) -> str:
        return url_for("console.search_keywords", **kept_args(segment=False, **{**kept, **changed}))

    kinds = [
        Choice(words, href(kind=one.value, engine=None), one is search)
        for one, words in ((Search.ORGANIC, _("Organic")), (Search.PAID, _("Paid")))
    ]
    if len(engines) < 2 and not engine:
        return kinds
    return [
        *kinds,
        Choice(_("All engines"), href(engine=None), not engine),
        *(Choice(one or unknown(), href(engine=in_address(one)), in_address(one) == engine) for one in engines),
    ]
