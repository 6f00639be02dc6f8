"""What campaigns, channels and sources earned and cost: credits of a model beside visits and money spent.

Money is that of the bookings: the lines of a report, with what is unattributed, add up to the booked net revenue of the
period. Orders and new customers are shared out as the money is, so they come in parts per million.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracking.clickstream import sheets
from tracking.clickstream.dimensions import Audience, Source
from tracking.clickstream.rollups import AudienceDay

from .attribution.chain import Why
from .attribution.credits import MILLION, CreditDay
from .attribution.models import Model
from .campaigns import Campaign, CostEntry
from .code_owners import owner_ids
from .period import Period

NO_CAMPAIGN = "none"
_BATCH = 5000


class By(StrEnum):
    """What a report has a line for."""

    CAMPAIGN = "campaign"
    CHANNEL = "channel"
    SOURCE = "source"


@dataclass(frozen=True)
class Earnings:
    """Sums of a line; money in minor units, orders and new customers in parts per million.

    `costed_minor`: of the net revenue, goods whose cost is known; `cost_minor`: what those cost. `spend_minor` is None
    where spending isn't known so finely (by source: costs are entered by campaign).
    """

    visits: int = 0
    simulated_visits: int = 0
    orders_ppm: int = 0
    new_customers_ppm: int = 0
    revenue_minor: int = 0
    refunds_minor: int = 0
    costed_minor: int = 0
    cost_minor: int = 0
    spend_minor: int | None = 0

    @property
    def orders(self) -> float:
        """Orders, shares of one among them."""
        return self.orders_ppm / MILLION

    @property
    def new_customers(self) -> float:
        """First orders, shares of one among them."""
        return self.new_customers_ppm / MILLION

    @property
    def net_minor(self) -> int:
        """Revenue less refunds."""
        return self.revenue_minor - self.refunds_minor

    @property
    def margin_minor(self) -> int:
        """What goods with a known cost brought above it; discounts and refunds are deducted."""
        return self.costed_minor - self.cost_minor

    @property
    def coverage(self) -> float | None:
        """For how much of the net revenue the margin speaks (0.8: of a fifth the goods' cost isn't known)."""
        return self.costed_minor / self.net_minor if self.net_minor > 0 else None

    @property
    def roi(self) -> float | None:
        """(net revenue - spend) / spend; None where nothing was spent."""
        return (self.net_minor - self.spend_minor) / self.spend_minor if self.spend_minor else None

    @property
    def roi_on_margin(self) -> float | None:
        """(margin - spend) / spend; None where nothing was spent or no goods' cost is known (see `coverage`)."""
        known = self.costed_minor or self.cost_minor
        return (self.margin_minor - self.spend_minor) / self.spend_minor if self.spend_minor and known else None

    @property
    def roas(self) -> float | None:
        """Net revenue per unit of money spent."""
        return self.net_minor / self.spend_minor if self.spend_minor else None

    @property
    def cost_per_order_minor(self) -> int | None:
        """Spend per order, half up; None without either."""
        return _per(self.spend_minor, self.orders_ppm)

    @property
    def cost_per_new_customer_minor(self) -> int | None:
        """Spend per new customer, half up; None without either."""
        return _per(self.spend_minor, self.new_customers_ppm)

    def __add__(self, other: Earnings) -> Earnings:
        spend = None if self.spend_minor is None or other.spend_minor is None else self.spend_minor + other.spend_minor
        sums = {name: getattr(self, name) + getattr(other, name) for name in _SUMMED}
        return Earnings(**sums, spend_minor=spend)


_SUMMED = tuple(field.name for field in fields(Earnings) if field.name != "spend_minor")


@dataclass(frozen=True)
class Line:
    """A line of a report. `key` names it in addresses and in `credit_rows.credits_of`.

    One of `campaign`, `source`, `why` or (a channel, a code that no campaign owns) `words` says what it is; all are
    empty for sources without a campaign.
    """

    key: str
    earnings: Earnings
    words: str = ""
    campaign: Campaign | None = None
    source: Source | None = None
    why: Why | None = None


@dataclass(frozen=True)
class Returns:
    """A report; lines by net revenue, largest first, what is unattributed last. `total` is all of them."""

    period: Period
    model: Model
    by: By
    lines: tuple[Line, ...]
    total: Earnings


def returns(session: Session, period: Period, *, model: Model, by: By) -> Returns:
    """What each campaign, channel or source earned and cost in a period, by one model."""
    return side_by_side(session, period, models=[model], by=by)[model]


def side_by_side(session: Session, period: Period, *, models: Sequence[Model], by: By) -> dict[Model, Returns]:
    """The same report by several models; visits and spending are read once."""
    visits, spend = _visits(session, period), _spend(session, period)
    credits = {model: _credits(session, period, model) for model in models}
    sources = _sources(session, set(visits) | {id_ for of_model in credits.values() for id_ in of_model if id_ > 0})
    campaigns = {row.id: row for row in session.scalars(select(Campaign))}
    keys = _Keys(by, sources, campaigns, owner_ids(session))
    return {
        model: _returns(period, model, keys, visits=visits, spend=spend, credits=of_model)
        for model, of_model in credits.items()
    }


class _Keys:
    """Which line a source, a reason or a campaign's spending belongs to."""

    def __init__(
        self, by: By, sources: Mapping[int, Source], campaigns: Mapping[int, Campaign], owners: Mapping[str, int]
    ) -> None:
        self.by = by
        self._sources, self._campaigns, self._owners = sources, campaigns, owners
        self._whys = {why.key: why for why in Why}

    def of_source(self, source_id: int) -> str:
        if source_id in self._whys:
            return why_key(self._whys[source_id])
        source = self._sources[source_id]
        if source.channel == "direct":
            return why_key(Why.DIRECT)
        if self.by is By.CHANNEL:
            return source.channel
        if self.by is By.SOURCE:
            return f"source:{source_id}"
        owner = self._owners.get(source.campaign)
        return f"campaign:{owner}" if owner else f"code:{source.campaign}" if source.campaign else NO_CAMPAIGN

    def of_spending(self, campaign_id: int) -> str | None:
        if self.by is By.SOURCE:
            return None
        return self._campaigns[campaign_id].channel if self.by is By.CHANNEL else f"campaign:{campaign_id}"

    def line(self, key: str, earnings: Earnings) -> Line:
        kind, _, rest = key.partition(":")
        match kind:
            case "why":
                return Line(key, earnings, why=Why(rest))
            case "campaign":
                campaign = self._campaigns[int(rest)]
                return Line(key, earnings, words=campaign.name, campaign=campaign)
            case "source":
                return Line(key, earnings, source=self._sources[int(rest)])
            case "code":
                return Line(key, earnings, words=rest)
            case _:
                return Line(key, earnings, words="" if key == NO_CAMPAIGN else key)


def why_key(why: Why) -> str:
    """The key of an unattributed line."""
    return f"why:{why}"


def _returns(
    period: Period,
    model: Model,
    keys: _Keys,
    *,
    visits: Mapping[int, Earnings],
    spend: Mapping[int, int],
    credits: Mapping[int, Earnings],
) -> Returns:
    found: defaultdict[str, Earnings] = defaultdict(Earnings)
    for part in (visits, credits):
        for source_id, earnings in part.items():
            found[keys.of_source(source_id)] += earnings
    spent = 0
    for campaign_id, amount in spend.items():
        spent += amount
        key = keys.of_spending(campaign_id)
        if key is not None:
            found[key] += Earnings(spend_minor=amount)
    total = sum(found.values(), Earnings())
    if keys.by is By.SOURCE:
        found = defaultdict(Earnings, {key: replace(one, spend_minor=None) for key, one in found.items()})
        total = replace(total, spend_minor=spent)
    lines = [keys.line(key, earnings) for key, earnings in found.items()]
    lines.sort(key=lambda line: (line.why is not None, -line.earnings.net_minor, -line.earnings.visits, line.key))
    return Returns(period, model, keys.by, tuple(lines), total)


def _visits(session: Session, period: Period) -> dict[int, Earnings]:
    """Visits by source, from the roll-up of audiences."""
    summed = sheets.sums(session, AudienceDay, period.first, period.last, only={"sessions", "simulated_sessions"})
    audiences = [int(key) for key in summed.keys[:, 0]]
    source_of = _sources_of_audiences(session, audiences)
    found: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
    for audience, seen, simulated in zip(
        audiences, summed.columns["sessions"], summed.columns["simulated_sessions"], strict=True
    ):
        sums = found[source_of[audience]]
        sums[0] += int(seen)
        sums[1] += int(simulated)
    return {id_: Earnings(visits=seen, simulated_visits=simulated) for id_, (seen, simulated) in found.items()}


def _credits(session: Session, period: Period, model: Model) -> dict[int, Earnings]:
    names = ("orders_ppm", "new_customers_ppm", "revenue_minor", "refunds_minor", "costed_minor", "cost_minor")
    query = (
        select(CreditDay.source_id, *(func.sum(getattr(CreditDay, name)) for name in names))
        .where(CreditDay.model == model.value, CreditDay.day.between(period.first, period.last))
        .group_by(CreditDay.source_id)
    )
    found = {}
    for source_id, *sums in session.execute(query):
        values = dict(zip(names, map(int, sums), strict=True))
        if any(values.values()):
            found[source_id] = Earnings(**values)
    return found


def _spend(session: Session, period: Period) -> dict[int, int]:
    query = (
        select(CostEntry.campaign_id, func.sum(CostEntry.amount_minor))
        .where(CostEntry.day.between(period.first, period.last))
        .group_by(CostEntry.campaign_id)
    )
    return {campaign_id: int(amount) for campaign_id, amount in session.execute(query)}


def _sources_of_audiences(session: Session, audience_ids: Iterable[int]) -> dict[int, int]:
    wanted, found = list(audience_ids), {}
    for start in range(0, len(wanted), _BATCH):
        query = select(Audience.id, Audience.source_id).where(Audience.id.in_(wanted[start : start + _BATCH]))
        found.update({row.id: row.source_id for row in session.execute(query)})
    return found


def _sources(session: Session, source_ids: Iterable[int]) -> dict[int, Source]:
    wanted, found = sorted(source_ids), {}
    for start in range(0, len(wanted), _BATCH):
        query = select(Source).where(Source.id.in_(wanted[start : start + _BATCH]))
        found.update({row.id: row for row in session.scalars(query)})
    return found


def _per(spend: int | None, count_ppm: int) -> int | None:
    if not spend or count_ppm <= 0:
        return None
    return (2 * spend * MILLION + count_ppm) // (2 * count_ppm)
