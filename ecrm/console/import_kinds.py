"""What can be imported: for each kind of file its dry run and its writing, said in the same terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from babel.numbers import get_currency_precision
from sqlalchemy.orm import Session

from ecrm.installation import installation
from ecrm.marketing.attribution.due import credit_anew
from ecrm.marketing.campaign_book import campaigns
from ecrm.marketing.campaigns import Campaign
from ecrm.marketing.goods_cost import Cost, import_goods_costs, read_costs
from ecrm.marketing.imports import cost_import, search_import
from ecrm.marketing.imports.advertisers import Advertiser
from ecrm.marketing.imports.cost_import import CostPlan, Moved
from ecrm.marketing.imports.cost_rows import CostExport
from ecrm.marketing.imports.cost_rows import read_costs as read_export
from ecrm.marketing.imports.export import Unreadable, decoded
from ecrm.marketing.imports.google_ads import GOOGLE_ADS
from ecrm.marketing.imports.meta_ads import META_ADS
from ecrm.marketing.imports.microsoft_advertising import MICROSOFT_ADS
from ecrm.marketing.imports.search_engines import GOOGLE_TERMS, MICROSOFT_TERMS, SEARCH_CONSOLE, SearchEngine
from ecrm.marketing.imports.search_import import SearchPlan
from ecrm.marketing.imports.search_rows import SearchExport, read_searches
from ecrm.marketing.period import Period
from ecrm.wording import gettext as _
from ecrm.wording import money, number, today

NEW, SKIP = "new", "skip"
MAX_SPAN = 92  # days


@dataclass(frozen=True)
class Kind:
    """A kind of file; one of `costs`, `searches` is set, or neither for goods' costs."""

    key: str
    label: str
    costs: Advertiser | None = None
    searches: SearchEngine | None = None

    def span_of(self, form: Mapping[str, str]) -> Period | None:
        """The days that somebody says the file is about, where it may need that.

        Raises:
            Unreadable: in words.
        """
        said = (form.get("first_day", "").strip(), form.get("last_day", "").strip())
        if self.searches is None or not self.searches.undated or not any(said):
            return None
        span = self.read_span("..".join(said))
        if span is None or not 0 <= (span.last - span.first).days < MAX_SPAN:
            raise Unreadable(_("Give the first and the last day of the report, at most %(most)s days.", most=MAX_SPAN))
        return span

    def with_span(self, span: Period | None) -> str:
        """The kind as an upload keeps it."""
        return f"{self.key} {span.first}..{span.last}" if span else self.key

    def read_span(self, text: str) -> Period | None:
        """The days of `with_span`."""
        first, _dots, last = text.partition("..")
        try:
            return Period(date.fromisoformat(first), date.fromisoformat(last))
        except ValueError:
            return None


@dataclass(frozen=True)
class GoodsPlan:
    """A dry run of goods' costs."""

    costs: Sequence[Cost]


@dataclass(frozen=True)
class Check:
    """A dry run for the page: one of the plans, and the rows that can't be taken."""

    kind: Kind
    refused: Sequence[tuple[int, str]]
    costs: CostPlan | None = None
    searches: SearchPlan | None = None
    goods: GoodsPlan | None = None
    campaigns: Sequence[Campaign] = ()

    @property
    def fingerprint(self) -> str:
        """What the confirmation has to repeat."""
        plan = self.costs or self.searches
        return plan.fingerprint if plan else ""

    @property
    def anything(self) -> bool:
        """Whether there is a row to write."""
        if self.costs:
            return bool(self.costs.export.costs)
        return bool(self.searches.export.terms if self.searches else self.goods and self.goods.costs)


KINDS = {
    kind.key: kind
    for kind in (
        Kind("google_ads", "Google Ads", costs=GOOGLE_ADS),
        Kind("microsoft_ads", "Microsoft Advertising", costs=MICROSOFT_ADS),
        Kind("meta_ads", "Meta Ads", costs=META_ADS),
        Kind("google_terms", "Google Ads, search terms", searches=GOOGLE_TERMS),
        Kind("microsoft_terms", "Microsoft Advertising, search terms", searches=MICROSOFT_TERMS),
        Kind("search_console", "Google Search Console", searches=SEARCH_CONSOLE),
        Kind("goods_cost", "Goods cost"),
    )
}


def kinds() -> list[tuple[str, list[tuple[str, str]]]]:
    """The choices of the upload's form, in groups."""
    return [
        (_("Costs of campaigns, by day"), [(key, kind.label) for key, kind in KINDS.items() if kind.costs]),
        (_("What people searched for"), [(key, kind.label) for key, kind in KINDS.items() if kind.searches]),
        (_("What goods cost the shop"), [("goods_cost", _("Product, since, unit cost"))]),
    ]


def check(session: Session, *, kind: str, content: bytes, span: Period | None) -> Check:
    """The dry run; changes nothing.

    Raises:
        Unreadable: nothing of the file can be taken.
    """
    one = KINDS[kind]
    if one.costs:
        export = _cost_export(one.costs, content)
        return Check(
            one, export.refused, costs=cost_import.plan(session, export), campaigns=campaigns(session, archived=None)
        )
    if one.searches:
        searches = _search_export(one.searches, content, span)
        return Check(one, searches.refused, searches=search_import.plan(session, searches))
    read = read_costs(decoded(content), decimals=_decimals())
    if not read.costs and not read.bad:
        raise Unreadable(_("The file is empty. Give rows of product; since; unit cost."))
    return Check(one, read.bad, goods=GoodsPlan(read.costs))


def write_checked(
    session: Session, *, stored_kind: str, content: bytes, form: Mapping[str, str], by: str, now: datetime
) -> str:
    """Write a file as it was shown; returns what was done in words, commits nothing.

    Raises:
        Moved: it would be something else than was shown.
        ValueError: in words, where the form leaves a question open.
    """
    kind, _space, span = stored_kind.partition(" ")
    one, fingerprint = KINDS[kind], form.get("fingerprint", "")
    if one.costs:
        return _write_costs(session, _cost_export(one.costs, content), form, fingerprint, by=by, now=now)
    if one.searches:
        export = _search_export(one.searches, content, one.read_span(span))
        _may_leave_out(len(export.refused), form)
        done = search_import.write(session, export, fingerprint=fingerprint)
        words = _("%(new)s new terms by day, %(changed)s changed, %(same)s as they were", new=number(done.new),
                  changed=number(done.changed), same=number(done.same))  # fmt: skip
        return words + ("; " + _("%(gone)s earlier ones replaced", gone=number(done.gone)) if done.gone else "")
    read = read_costs(decoded(content), decimals=_decimals())
    _may_leave_out(len(read.bad), form)
    report = import_goods_costs(session, read.costs, time_zone=installation().storefront.facts().time_zone)
    at_once = credit_anew(session, report.order_ids)
    words = _(
        "%(new)s new costs, %(changed)s changed, %(same)s as they were; %(lines)s order lines have a cost now",
        new=number(report.new), changed=number(report.changed), same=number(report.unchanged),
        lines=number(report.lines),
    )  # fmt: skip
    if at_once:
        return words
    orders = number(len(report.order_ids))
    return words + _("; %(orders)s orders are credited anew, which takes some minutes", orders=orders)


def _write_costs(
    session: Session, export: CostExport, form: Mapping[str, str], fingerprint: str, *, by: str, now: datetime
) -> str:
    _may_leave_out(len(export.refused), form)
    plan = cost_import.plan(session, export)
    if plan.fingerprint != fingerprint:  # the places in the form below are those of what was shown
        raise Moved
    targets: dict[str, int | None] = {}
    for place, one in enumerate(plan.campaigns):
        asked = form.get(f"campaign-{place}", "")
        if asked == SKIP:
            targets[one.there.ident] = None
        elif asked != NEW:
            readable = asked.isascii() and asked.isdigit() and len(asked) <= 18
            campaign = session.get(Campaign, int(asked)) if readable else None
            if campaign is None:
                raise ValueError(
                    _("Say which campaign “%(name)s” is, or that it should be made or left out.", name=one.there.name)
                )
            targets[one.there.ident] = campaign.id
    done = cost_import.write(session, export, targets, fingerprint=fingerprint, by=by, now=now)
    written = sum(one.amount_minor for one in plan.campaigns if targets.get(one.there.ident, 0) is not None)
    words = _(
        "%(new)s new days of costs, %(changed)s changed, %(same)s as they were; %(amount)s in the file",
        new=number(done.new), changed=number(done.changed), same=number(done.same),
        amount=money(written, installation().storefront.facts().currency),
    )  # fmt: skip
    if done.made:
        words += "; " + _("made: %(names)s", names=", ".join(done.made[:5]) + (" …" if len(done.made) > 5 else ""))
    return words


def _may_leave_out(refused: int, form: Mapping[str, str]) -> None:
    if refused and not form.get("leave_out"):
        raise ValueError(_("Some rows can't be taken. Mend the file, or say that they may be left out."))


def _cost_export(advertiser: Advertiser, content: bytes) -> CostExport:
    currency = installation().storefront.facts().currency
    return read_export(content, advertiser, currency=currency, decimals=_decimals(), today=today())


def _search_export(engine: SearchEngine, content: bytes, span: Period | None) -> SearchExport:
    currency = installation().storefront.facts().currency
    return read_searches(content, engine, currency=currency, decimals=_decimals(), today=today(), span=span)


def _decimals() -> int:
    return get_currency_precision(installation().storefront.facts().currency)
