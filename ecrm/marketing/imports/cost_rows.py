"""An advertiser's export as costs by campaign and day, and every row that can't be taken with the reason."""

from __future__ import annotations

import re
from collections import defaultdict
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
_SHOWN_NOTES = 5
_CURRENCY = re.compile(r"\(([A-Z]{3})\)")


class Refusal(NamedTuple):
    """A row that can't be taken; lines count from 1, the headings and what stands above them included."""

    line: int
    why: str


class There(NamedTuple):
    """A campaign as the advertiser knows it. `ident` tells it from others; `name` is what people call it."""

    ident: str
    name: str

    @classmethod
    def named(cls, name: str, account: str = "") -> There:
        """A campaign that an export has no number for."""
        return cls(f"name/{account}/{name.casefold()}" if account else f"name/{name.casefold()}", name)


@dataclass
class DayCost:
    """What a campaign cost on a day: its rows added up (devices, ad groups …), rounded once."""

    campaign: There
    day: date
    amount: Decimal = Decimal(0)
    clicks: int | None = None
    impressions: int | None = None
    unread: set[str] = field(default_factory=set)
    amount_minor: int = 0

    def count_unread(self, key: str) -> None:
        """Forget a count of which a part can't be read: none is better than too small a one."""
        self.unread.add(key)
        setattr(self, key, None)


@dataclass(frozen=True)
class CostExport:
    """What an export says. `rows`: how many were read; `totals`: rows of sums, which are left out.

    A campaign's day of which one row can't be taken isn't among `costs` at all: what is written for a day replaces what
    was known of it, so it has to be the whole of it.
    """

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
    order = figures.day_order(
        [(line.number, _day_cell(table, line)) for line in rows],
        above=[found for line in table.above for found in figures.all_days(line)],
    )
    read = _Reading(table, currency=currency, mark=mark, order=order, today=today)
    for line in rows:
        read.take(line)
    costs, refused = read.whole_days(), sorted(read.refused)
    notes += read.notes()
    for cost in costs:
        cost.amount_minor = int(cost.amount.scaleb(decimals).to_integral_value(ROUND_HALF_EVEN))
    if not costs and not refused:
        raise Unreadable(_("The file has headings but no rows. Export days on which something was shown."))
    ordered = sorted(costs, key=lambda cost: (cost.campaign.name.casefold(), cost.campaign.ident, cost.day))
    return CostExport(advertiser, ordered, refused, len(rows), totals, mark, notes)


class _Reading:
    """The rows read so far, added up by campaign and day, and those that can't be taken."""

    def __init__(self, table: Table, *, currency: str, mark: str, order: str, today: date) -> None:
        self._table, self._currency, self._mark, self._order, self._today = table, currency, mark, order, today
        self._costs: dict[tuple[str, date], DayCost] = {}
        self._lines: defaultdict[tuple[str, date], list[int]] = defaultdict(list)
        self._broken: set[tuple[str, date]] = set()
        self._unread: list[str] = []
        self.refused: list[Refusal] = []

    def take(self, line: Line) -> None:
        """Add a row, or say why not."""
        try:
            campaign = _campaign(self._table, line)
            day = figures.day(_day_cell(self._table, line), order=self._order, today=self._today)
        except ValueError as error:
            self.refused.append(Refusal(line.number, str(error)))
            return
        try:
            amount = self._amount(line)
            cost = self._costs.setdefault((campaign.ident, day), DayCost(campaign, day))
            if abs(cost.amount + amount) > figures.MOST:
                raise ValueError(_("The day's rows add up to more than can be believed."))
        except ValueError as error:
            self.refused.append(Refusal(line.number, str(error)))
            self._broken.add((campaign.ident, day))
            return
        self._lines[campaign.ident, day].append(line.number)
        cost.amount += amount
        self._count(cost, line, "clicks")
        self._count(cost, line, "impressions")

    def whole_days(self) -> list[DayCost]:
        """The costs of days all of whose rows were taken; the rest of the others is refused with them."""
        why = _("Another row of this campaign and day can't be taken, so the whole day is left out.")
        self.refused += [Refusal(number, why) for key in self._broken for number in self._lines[key]]
        return [cost for key, cost in self._costs.items() if key not in self._broken]

    def notes(self) -> list[str]:
        """What was left out beside costs that are taken."""
        more = len(self._unread) - _SHOWN_NOTES
        return self._unread[:_SHOWN_NOTES] + (
            [_("%(more)s further rows have a number that can't be read.", more=more)] if more > 0 else []
        )

    def _amount(self, line: Line) -> Decimal:
        said = self._table.cell(line, "currency").upper()
        if said and said != self._currency:
            raise ValueError(
                _("The row is in %(theirs)s, the shop's currency is %(ours)s.", theirs=said[:10], ours=self._currency)
            )
        return figures.amount(self._table.cell(line, "amount"), mark=self._mark)

    def _count(self, cost: DayCost, line: Line, key: str) -> None:
        """Add clicks or impressions; a number that can't be read doesn't keep the money out."""
        try:
            counted = _sum(getattr(cost, key), figures.count(self._table.cell(line, key)))
            if counted is not None and counted > figures.MOST_COUNTED:
                raise ValueError(_("The day's rows add up to more than can be believed."))
        except ValueError as error:
            self._unread.append(
                _("Line %(line)s: %(why)s Its cost is taken; the day's %(what)s are left open.", line=line.number,
                  why=str(error), what=_("clicks") if key == "clicks" else _("impressions"))
            )  # fmt: skip
            cost.count_unread(key)
        else:
            setattr(cost, key, None if key in cost.unread else counted)


def _campaign(table: Table, line: Line) -> There:
    name = " ".join(table.cell(line, "campaign").split())[:MAX_NAME]
    if not name or not name.isprintable():
        raise ValueError(_("The row names no campaign."))
    number = table.cell(line, "campaign_id").strip("[]'= \"")
    if number:
        return There(f"id/{number[:60]}", name)
    return There.named(name, folded_code(table.cell(line, "account")))


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
    # A campaign may be called "Total Wine", but a sum has no day.
    return (advertiser.total(campaign) or advertiser.total(first)) and not figures.looks_like_day(
        _day_cell(table, line)
    )


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
