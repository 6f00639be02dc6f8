"""An advertiser's export as costs by campaign and day, and every row that can't be taken with the reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from ecrm.wording import gettext as _
from tracking.clickstream.sources import folded_code

from . import figures
from .advertisers import Advertiser
from .export import Line, Table, Unreadable, read_table

MAX_NAME = 200
_CURRENCY = re.compile(r"\(([A-Z]{3})\)")


class Refusal(NamedTuple):
    """A row that can't be taken; lines count from 1, the headings and what stands above them included."""

    line: int
    why: str


class There(NamedTuple):
    """A campaign as the advertiser knows it. `ident` tells it from others; `name` is what people call it."""

    ident: str
    name: str


@dataclass
class DayCost:
    """What a campaign cost on a day: its rows added up (devices, ad groups …), rounded once."""

    campaign: There
    day: date
    amount: Decimal = Decimal(0)
    clicks: int | None = None
    impressions: int | None = None
    amount_minor: int = 0


@dataclass(frozen=True)
class CostExport:
    """What an export says. `rows`: how many were read; `totals`: rows of sums, which are left out."""

    advertiser: Advertiser
    costs: Sequence[DayCost]
    refused: Sequence[Refusal]
    rows: int
    totals: int
    mark: str
    notes: Sequence[str] = field(default=())

    @property
    def first(self) -> date:
        return min(cost.day for cost in self.costs)

    @property
    def last(self) -> date:
        return max(cost.day for cost in self.costs)


def read_costs(content: bytes, advertiser: Advertiser, *, currency: str, decimals: int, today: date) -> CostExport:
    """Read an export: the dry run's first half, which no database is needed for.

    Args:
        currency: of the shop; rows in another are refused.
        decimals: of that currency.

    Raises:
        Unreadable: nothing of the file can be taken; says why and what to do.
    """
    table = read_table(content, advertiser.headings)
    notes = _currency_notes(table, currency)
    rows = [line for line in table.rows if not _is_total(table, line, advertiser)]
    totals = len(table.rows) - len(rows)
    mark = figures.decimal_mark(
        ((line.number, table.cell(line, "amount")) for line in rows),
        otherwise=advertiser.mark(list(table.headings.values())),
    )
    days = [(line.number, _day_cell(table, line)) for line in rows]
    order = figures.day_order(days + [found for line in table.above for found in figures.all_days(line)])
    costs: dict[tuple[str, date], DayCost] = {}
    refused: list[Refusal] = []
    for line in rows:
        try:
            _add(costs, table, line, currency=currency, mark=mark, order=order, today=today)
        except ValueError as error:
            refused.append(Refusal(line.number, str(error)))
    for cost in costs.values():
        cost.amount_minor = int(cost.amount.scaleb(decimals).to_integral_value(ROUND_HALF_EVEN))
    if not costs and not refused:
        raise Unreadable(_("The file has headings but no rows. Export days on which something was shown."))
    ordered = sorted(costs.values(), key=lambda cost: (cost.campaign.name.casefold(), cost.campaign.ident, cost.day))
    return CostExport(advertiser, ordered, refused, len(rows), totals, mark, notes)


def _add(
    costs: dict[tuple[str, date], DayCost],
    table: Table,
    line: Line,
    *,
    currency: str,
    mark: str,
    order: str,
    today: date,
) -> None:
    said = table.cell(line, "currency").upper()
    if said and said != currency:
        raise ValueError(
            _("The row is in %(theirs)s, the shop's currency is %(ours)s.", theirs=said[:10], ours=currency)
        )
    campaign = _campaign(table, line)
    day = figures.day(_day_cell(table, line), order=order, today=today)
    amount = figures.amount(table.cell(line, "amount"), mark=mark)
    clicks, impressions = figures.count(table.cell(line, "clicks")), figures.count(table.cell(line, "impressions"))
    cost = costs.setdefault((campaign.ident, day), DayCost(campaign, day))
    cost.amount += amount
    cost.clicks = _sum(cost.clicks, clicks)
    cost.impressions = _sum(cost.impressions, impressions)


def _campaign(table: Table, line: Line) -> There:
    name = " ".join(table.cell(line, "campaign").split())[:MAX_NAME]
    if not name or not name.isprintable():
        raise ValueError(_("The row names no campaign."))
    number = table.cell(line, "campaign_id").strip("[]'= \"")
    if number:
        return There(f"id/{number[:60]}", name)
    account = table.cell(line, "account")
    return There(f"name/{folded_code(account)}/{name.casefold()}" if account else f"name/{name.casefold()}", name)


def _day_cell(table: Table, line: Line) -> str:
    """The row's day; where an export has only the ends of its period, both have to be the same."""
    if "day" in table.columns:
        return table.cell(line, "day")
    first, last = table.cell(line, "first_day"), table.cell(line, "last_day")
    return first if first == last else _("%(first)s to %(last)s", first=first, last=last)


def _is_total(table: Table, line: Line, advertiser: Advertiser) -> bool:
    campaign = table.cell(line, "campaign")
    first = next((cell.strip() for cell in line.cells if cell.strip()), "")
    if advertiser.total(campaign) and not campaign:
        return True
    # A campaign may be called "Total", but a sum has no day.
    return (advertiser.total(campaign) or advertiser.total(first)) and not re.match(r"\d", _day_cell(table, line))


def _currency_notes(table: Table, currency: str) -> list[str]:
    found = _CURRENCY.search(table.headings.get("amount", ""))
    if found is not None and found[1] != currency:
        raise Unreadable(
            _("The file is in %(theirs)s, the shop's currency is %(ours)s. Costs aren't converted here: export the"
              " account in %(ours)s, or enter what you were charged.", theirs=found[1], ours=currency)
        )  # fmt: skip
    if found is None and "currency" not in table.columns:
        return [_("The file doesn't say its currency; its amounts are taken as %(ours)s.", ours=currency)]
    return []


def _sum(one: int | None, other: int | None) -> int | None:
    return one if other is None else (one or 0) + other
