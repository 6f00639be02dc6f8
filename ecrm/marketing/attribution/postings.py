"""Postings: an order's money, split by every model over its sources, and a refund's taken back from the same sources.

Pure arithmetic. Whole minor units, split by the largest remainder, so that per booking and model the postings sum to
exactly the booking's money, its goods with a known cost, and that cost. Touches of one source share a posting, as do
models that credit a source alike: who buys every week came thirteen times within the window, by four or five ways.

A refund takes from each source in proportion to what earlier refunds (by their ids: the order of arrival) left it of
the order, so that refunds which together give back the order leave every source with exactly nothing. What goes beyond
the order's money is split by its shares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from tracking.shares import split

from .chain import Chain, Why
from .credits import MILLION
from .models import ALL_MODELS, Model, Weights, agreeing


class Posting(NamedTuple):
    """A row of `Credit`, but for its id."""

    kind: str
    order_id: int | None
    refund_id: int | None
    day: date
    models: int
    touchpoint_id: int | None
    source_id: int | None
    why: str
    share_ppm: int
    amount_minor: int
    costed_minor: int
    cost_minor: int
    new_customer: bool
    simulated: bool


class Money(NamedTuple):
    """What is split: the booking's money, and of it goods with a known cost, and what those cost."""

    amount: int
    costed: int = 0
    cost: int = 0


class Refund(NamedTuple):
    """A refund of an order; `money` counts from zero up."""

    id: int
    day: date
    money: Money


class Bill(NamedTuple):
    """An order as it is booked, with its refunds in the order of their ids."""

    order_id: int
    day: date
    money: Money
    is_first: bool = False
    refunds: tuple[Refund, ...] = ()


@dataclass
class _Deal:
    """One way to share an order out: the models that give it, its shares, and what refunds left of the money."""

    models: int
    shares: tuple[int, ...]
    left: list[list[int]]


class Party(NamedTuple):
    """Who gets a share: a source by its last touch, or what isn't one (`source_id` None, and why)."""

    source_id: int | None
    touchpoint_id: int | None
    why: str
    simulated: bool


class Division(NamedTuple):
    """How an order is shared out. `shared`: shares of the parties in parts per million → the models that give them."""

    parties: Sequence[Party]
    shared: dict[tuple[int, ...], int]


def postings_of(bill: Bill, division: Division) -> list[Posting]:
    """All postings of an order and its refunds, those of all models together."""
    deals = [
        _Deal(models, shares, [_parts(amount, shares) for amount in bill.money])
        for shares, models in division.shared.items()
    ]
    result = _Rows(bill, division.parties)
    result.post([(deal.models, deal.shares, deal.left) for deal in deals], None)
    for refund in bill.refunds:
        taken = [(deal.models, deal.shares, _take(deal, refund.money)) for deal in deals]
        result.post(taken, refund)
    return result.postings


def division_of(chain: Chain, weights: Weights) -> Division:
    """The parties of an order in the order in which they came up, and what `models.agreeing` gives them."""
    return Division(*_parties(chain, weights))


def _parties(chain: Chain, weights: Weights) -> tuple[list[Party], dict[tuple[int, ...], int]]:
    touches = chain.touches
    if not touches:
        return [Party(None, None, str(chain.why or Why.UNKNOWN), False)], {(MILLION,): ALL_MODELS}
    last = {touch.source_id: touch for touch in touches}
    simulated = {touch.source_id for touch in touches if touch.simulated}
    parties = [
        Party(id_, touch.touchpoint_id, "" if id_ is not None else str(Why.DIRECT), id_ in simulated)
        for id_, touch in last.items()
    ]
    if len(parties) == 1:
        return parties, {(MILLION,): ALL_MODELS}
    if len(parties) == 2 and None in last and touches[-1].at > touches[-2].at:  # most orders: a usual way, and directly
        everything = [(MILLION, 0), (0, MILLION)]
        number = int(parties[1].source_id is not None)
        if touches[-1].source_id is not None:
            return parties, {everything[number]: ALL_MODELS}
        return parties, {everything[number]: ALL_MODELS ^ Model.LAST.bit, everything[1 - number]: Model.LAST.bit}
    place = {id_: number for number, id_ in enumerate(last)}
    numbers = [place[touch.source_id] for touch in touches]
    return parties, agreeing([touch.contact for touch in touches], numbers, weights)


def loose_refund(refund_id: int, day: date, amount: int) -> Posting:
    """The posting of a refund that names no order: money that nobody brought went back."""
    return Posting(
        "refund", None, refund_id, day, ALL_MODELS, None, None, Why.UNKNOWN, MILLION, -amount, 0, 0, False, False
    )


class _Rows:
    """Collects postings; models that credit a party alike share one."""

    def __init__(self, bill: Bill, parties: Sequence[Party]) -> None:
        self.postings: list[Posting] = []
        self._bill, self._parties = bill, parties

    def post(self, deals: Sequence[tuple[int, tuple[int, ...], list[list[int]]]], refund: Refund | None) -> None:
        alike: dict[tuple[int, int, int, int, int], int] = {}
        for models, shares, (amounts, costed, costs) in deals:
            for number, share in enumerate(shares):
                if share:
                    key = number, share, amounts[number], costed[number], costs[number]
                    alike[key] = alike.get(key, 0) | models
        bill, sign = self._bill, -1 if refund else 1
        kind, refund_id, day = ("refund", refund.id, refund.day) if refund else ("order", None, bill.day)
        is_new = bill.is_first and refund is None
        for (number, share, amount, goods, cost), models in alike.items():
            party = self._parties[number]
            self.postings.append(
                Posting(
                    kind, bill.order_id, refund_id, day, models, party.touchpoint_id, party.source_id, party.why,
                    share, sign * amount, sign * goods, sign * cost, is_new, party.simulated,
                )
            )  # fmt: skip


def _take(deal: _Deal, money: Money) -> list[list[int]]:
    """Take a refund's money out of what is left, column by column; returns each party's part."""
    parts = []
    for column, amount in enumerate(money):
        left = deal.left[column]
        within = max(min(amount, sum(left)), 0)
        taken = _parts(within, left)
        deal.left[column] = [have - part for have, part in zip(left, taken, strict=True)]
        beyond = _parts(amount - within, deal.shares)
        parts.append([part + more for part, more in zip(taken, beyond, strict=True)])
    return parts


def _parts(amount: int, weights: Sequence[int]) -> list[int]:
    """`split`, at little cost for the money that most orders don't have (goods without a known cost), and for one who
    gets everything."""
    if not amount:
        return [0] * len(weights)
    return [amount] if len(weights) == 1 else split(amount, weights)
