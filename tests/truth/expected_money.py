"""What attribution, campaigns and cohorts must show, worked out from a recount in exact fractions."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import lcm
from typing import NamedTuple

from .expected import Numbers
from .known import CAMPAIGNS
from .recount import Purchase, Recount, Visit, shared

MILLION = 1_000_000
DIRECT, UNKNOWN, NOT_JOINED = "why:direct", "why:no visit known", "why:not joined"
MODELS = ("last_non_direct", "last", "first", "linear", "position_based", "time_decay", "data_driven")
OWNERS = {code: code for code in CAMPAIGNS} | {
    " ".join(further.lower().split()): code for code, (_, codes) in CAMPAIGNS.items() for further in codes
}  # fmt: skip


class Contact(NamedTuple):
    """A touch: when, and the source; None for a direct visit."""

    at: datetime
    source: tuple[str, ...] | None

    @property
    def channel(self) -> str:
        return self.source[0] if self.source else "direct"


def money(recount: Recount, first: date, last: date) -> Numbers:
    """Returns by model and campaign, channel and source; new customers, cohorts and spending."""
    numbers: Numbers = {}
    firsts = _first_orders(recount)
    _new_customers(numbers, recount, firsts, first, last)
    _cohorts(numbers, recount, firsts)
    for model in MODELS:
        by_source = _credits(recount, model, firsts, first, last)
        for by in ("campaign", "channel", "source"):
            lines: defaultdict[str, Counter[str]] = defaultdict(Counter)
            for source, figures in by_source.items():
                lines[_line(source, by)].update(figures)
            for visit in recount.visits:
                if first <= visit.day <= last:
                    source = visit.source if visit.source[0] != "direct" else DIRECT
                    lines[_line(source, by)]["visits"] += 1
            for code, day, amount in recount.world.costs:
                if first <= day <= last and by != "source":
                    lines[f"campaign:{code}" if by == "campaign" else CAMPAIGNS[code][0]]["spend_minor"] += amount
            for line, figures in lines.items():
                numbers.update({("returns", model, by, line, name): value for name, value in figures.items() if value})
    booked = sum(one.basket.total for one in recount.purchases.values() if first <= one.day <= last)
    booked -= sum(one.amount for one in recount.returns if first <= one.day <= last)
    numbers["booked",] = booked
    return numbers


def chain_of(recount: Recount, order: Purchase) -> tuple[list[Contact], str]:
    """The touches before an order, oldest first; and what is said where there are none."""
    found: list[tuple[datetime, int, int, Contact]] = []
    if order.joined:
        for visit in recount.visits:
            if (visit is order.visit and visit.agreed) or _is_theirs(recount, visit, order.customer):
                touches = visit.touches
                if not any(at <= order.at for at, _ in touches):
                    found.append((visit.began, visit.number, 0, Contact(visit.began, None)))
                found += [(at, visit.number, place, Contact(at, source)) for place, (at, source) in enumerate(touches)]
    chain = []
    for at, _, _, contact in sorted(found, key=lambda one: one[:3]):
        days = 5 if contact.channel == "email" else 30
        if order.at - timedelta(days=days) <= at <= order.at:
            chain.append(contact)
    for code in dict.fromkeys(" ".join(code.lower().split()) for code in order.basket.codes):
        channel = CAMPAIGNS[OWNERS[code]][0] if code in OWNERS else "post"
        chain.append(Contact(order.at, (channel, "code", "code", code, "", "", "")))
    silent = order.joined and any(
        one.browser == order.browser and one.near(order.at) and not one.agreed for one in recount.visits
    )
    return chain, NOT_JOINED if order.silent or silent else UNKNOWN


def _is_theirs(recount: Recount, visit: Visit, customer: str) -> bool:
    """All of the visit may be joined, and only they were signed in; or nobody was, and the browser is theirs alone."""
    claim = (visit.browser, customer)
    if not visit.agreed or claim not in recount.claims or recount.gone.get(claim):
        return False
    if visit.signed:
        return visit.signed == {customer}
    claimants = [one for one in recount.claims if one[0] == visit.browser and not recount.gone.get(one)]
    return claimants == [claim] and visit.began >= recount.claims[claim] - timedelta(days=30)


def share_of(model: str, chain: list[Contact], weights: dict[str, int]) -> list[int]:
    """Parts per million of each touch."""
    sourced = [one for one in chain if one.source]
    if model == "last" or not sourced:
        latest = max(one.at for one in chain)
        return shared(MILLION, [int(one.at == latest) for one in chain])
    moments = [one.at for one in sourced]
    ends = min(moments), max(moments)
    parts: list[Fraction] = []
    for one in sourced:
        alike = Fraction(1, moments.count(one.at))
        match model:
            case "last_non_direct":
                parts.append(Fraction(one.at == ends[1]))
            case "first":
                parts.append(Fraction(one.at == ends[0]))
            case "position_based":
                between = sum(ends[0] < at < ends[1] for at in moments)
                if ends[0] == ends[1]:
                    parts.append(Fraction(1))
                else:
                    parts.append(Fraction(2, 5) * alike if one.at in ends else Fraction(1, 5 * between))
            case "time_decay":
                parts.append(Fraction(2.0 ** -((ends[1] - one.at) / timedelta(days=7))))
            case "data_driven" if weights:
                average = sum(weights.values()) // len(weights)
                same = sum(other.channel == one.channel for other in sourced)
                parts.append(Fraction(weights.get(one.channel, average), same))
            case _:
                parts.append(Fraction(1))
    fine = lcm(*(part.denominator for part in parts))
    given = iter(shared(MILLION, [int(part * fine) for part in parts]))
    return [next(given) if one.source else 0 for one in chain]


def _credits(
    recount: Recount, model: str, firsts: dict[str, Purchase], first: date, last: date
) -> dict[tuple[str, ...] | str, Counter[str]]:
    sums: defaultdict[tuple[str, ...] | str, Counter[str]] = defaultdict(Counter)
    for order in recount.purchases.values():
        chain, why = chain_of(recount, order)
        by_source: Counter[tuple[str, ...] | str] = Counter()  # touches of one source are one that gets money
        for one, part in zip(chain, share_of(model, chain, recount.world.weights) if chain else (), strict=True):
            by_source[one.source or DIRECT] += part
        by_source.update({} if chain else {why: MILLION})
        whom, parts = list(by_source), list(by_source.values())
        costed, cost = _goods(order)
        left = [shared(amount, parts) for amount in (order.basket.total, costed, cost)]
        new = firsts.get(order.customer) is order
        if first <= order.day <= last:
            for source, part, *values in zip(whom, parts, *left, strict=True):
                sums[source].update(orders_ppm=part, new_customers_ppm=part * new, revenue_minor=values[0],
                                    costed_minor=values[1], cost_minor=values[2])  # fmt: skip
        returned = _Returned(order)
        for refund in order.refunds:
            taken = []
            for column, amount in enumerate((refund.amount, *returned.take(refund.lines))):
                within = min(amount, sum(left[column]))
                mine = shared(within, left[column]) if within else [0] * len(parts)
                left[column] = [have - gone for have, gone in zip(left[column], mine, strict=True)]
                beyond = shared(amount - within, parts)
                taken.append([one + more for one, more in zip(mine, beyond, strict=True)])
            if first <= refund.day <= last:
                for source, gone, gone_costed, gone_cost in zip(whom, *taken, strict=True):
                    sums[source].update(refunds_minor=gone, costed_minor=-gone_costed, cost_minor=-gone_cost)
    for refund in recount.returns:
        if refund.order is None and first <= refund.day <= last:
            sums[UNKNOWN].update(refunds_minor=refund.amount)
    return sums


def _discounts(order: Purchase) -> list[int]:
    """The discount on each line whose cost is known; the other lines bear theirs together."""
    nets = [line.net for line, cost in zip(order.basket.lines, order.costs, strict=True) if cost is not None]
    return shared(order.basket.discount, [*nets, order.basket.goods - sum(nets)])[:-1]


def _goods(order: Purchase) -> tuple[int, int]:
    """Of the order's money, goods with a known cost; and that cost."""
    nets = [line.net for line, cost in zip(order.basket.lines, order.costs, strict=True) if cost is not None]
    return sum(nets) - sum(_discounts(order)), sum(cost for cost in order.costs if cost is not None)


class _Returned:
    """What refunds take of an order's costed goods, by product: never more than there was."""

    def __init__(self, order: Purchase) -> None:
        self.left: Counter[str] = Counter()
        self.pieces: Counter[str] = Counter()
        self.cost: Counter[str] = Counter()
        self.back: Counter[str] = Counter()
        known = [pair for pair in zip(order.basket.lines, order.costs, strict=True) if pair[1] is not None]
        for (line, cost), discount in zip(known, _discounts(order), strict=True):
            self.left[line.product] += line.net - discount
            self.pieces[line.product] += line.quantity
            self.cost[line.product] += cost or 0

    def take(self, lines: list[tuple[str, int, int]]) -> tuple[int, int]:
        costed = cost = 0
        for product, pieces, amount in lines:
            if product in self.pieces:
                money = min(amount, self.left[product])
                self.left[product] -= money
                before = self.back[product]
                self.back[product] = min(before + pieces, self.pieces[product])
                costed += money
                cost += self._worth(product, self.back[product]) - self._worth(product, before)
        return costed, cost

    def _worth(self, product: str, pieces: int) -> int:
        return self.cost[product] * pieces // self.pieces[product]


def _line(source: tuple[str, ...] | str, by: str) -> str:
    if isinstance(source, str):
        return source
    if by == "channel":
        return source[0]
    if by == "source":
        return "/".join(source)
    campaign = source[3]
    return f"campaign:{OWNERS[campaign]}" if campaign in OWNERS else f"code:{campaign}" if campaign else "none"


def _first_orders(recount: Recount) -> dict[str, Purchase]:
    """The earliest order of each customer who is somebody; of two at once the one that was told first."""
    firsts: dict[str, Purchase] = {}
    for order in sorted(recount.purchases.values(), key=lambda one: one.at):
        if not order.customer.endswith(".invalid"):
            firsts.setdefault(order.customer, order)
    return firsts


def _new_customers(numbers: Numbers, recount: Recount, firsts: dict[str, Purchase], first: date, last: date) -> None:
    days: defaultdict[date, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for order in recount.purchases.values():
        if first <= order.day <= last:
            place = 0 if firsts.get(order.customer) is order else 2
            days[order.day][place] += 1
            days[order.day][place + 1] += order.basket.total
    numbers.update({("new and returning", day): tuple(figures) for day, figures in days.items()})


def _cohorts(numbers: Numbers, recount: Recount, firsts: dict[str, Purchase]) -> None:
    who: defaultdict[tuple[date, date], set[str]] = defaultdict(set)
    sums: defaultdict[tuple[date, date], Counter[str]] = defaultdict(Counter)
    for order in recount.purchases.values():
        if order.customer in firsts:
            cell = firsts[order.customer].day.replace(day=1), order.day.replace(day=1)
            who[cell].add(order.customer)
            sums[cell].update(orders=1, revenue_minor=order.basket.total)
    for refund in recount.returns:
        if refund.customer in firsts:
            cell = firsts[refund.customer].day.replace(day=1), refund.day.replace(day=1)
            sums[cell].update(refunds_minor=refund.amount)
    for cell, figures in sums.items():
        figures["customers"] = len(who[cell])
        numbers.update({("cohorts", *cell, name): value for name, value in figures.items() if value})
