"""Postings: an order's money, split by every model over its touches, and a refund's taken back from the same touches.

Pure arithmetic. Whole minor units, split by the largest remainder, so that per booking and model the postings sum to
exactly the booking's money, its goods with a known cost, and that cost.

A refund takes from each touch in proportion to what earlier refunds (by their ids: the order of arrival) left it of the
order, so that refunds which together give back the order leave every touch with exactly nothing. What goes beyond the
order's money is split by its shares.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from tracking.shares import split

from .chain import Chain, Touch, Why
from .credits import MILLION
from .models import ALL_MODELS, Weights, agreeing


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


def postings_of(bill: Bill, chain: Chain, weights: Weights) -> list[Posting]:
    """All postings of an order and its refunds, those of all models together."""
    touches: Sequence[Touch | None] = chain.touches or (None,)
    why = chain.why or Why.UNKNOWN
    shared = (
        agreeing([touch.contact for touch in chain.touches], weights) if chain.touches else {(MILLION,): ALL_MODELS}
    )
    deals = [
        _Deal(models, shares, [_parts(amount, shares) for amount in bill.money]) for shares, models in shared.items()
    ]
    result = _Rows(bill, touches, why)
    result.post([(deal.models, deal.shares, deal.left) for deal in deals], None)
    for refund in bill.refunds:
        taken = [(deal.models, deal.shares, _take(deal, refund.money)) for deal in deals]
        result.post(taken, refund)
    return result.postings


def loose_refund(refund_id: int, day: date, amount: int) -> Posting:
    """The posting of a refund that names no order: money that nobody brought went back."""
    return Posting(
        "refund", None, refund_id, day, ALL_MODELS, None, None, Why.UNKNOWN, MILLION, -amount, 0, 0, False, False
    )


class _Rows:
    """Collects postings; models that credit a touch alike share one."""

    def __init__(self, bill: Bill, touches: Sequence[Touch | None], why: Why) -> None:
        self.postings: list[Posting] = []
        self._bill, self._touches, self._why = bill, touches, why

    def post(self, deals: Iterable[tuple[int, tuple[int, ...], list[list[int]]]], refund: Refund | None) -> None:
        alike: dict[tuple[int, ...], int] = {}
        for models, shares, parts in deals:
            for index, row in enumerate(zip(shares, *parts, strict=True)):
                if row[0]:
                    alike[index, *row] = alike.get((index, *row), 0) | models
        for key, models in alike.items():
            self.postings.append(self._posting(models, self._touches[key[0]], key[1:], refund))

    def _posting(self, models: int, touch: Touch | None, row: Sequence[int], refund: Refund | None) -> Posting:
        source_id = touch.source_id if touch else None
        why = "" if source_id is not None else Why.DIRECT if touch else self._why
        share, amount, costed, cost = row
        sign = -1 if refund else 1
        return Posting(
            kind="refund" if refund else "order",
            order_id=self._bill.order_id,
            refund_id=refund.id if refund else None,
            day=refund.day if refund else self._bill.day,
            models=models,
            touchpoint_id=touch.touchpoint_id if touch else None,
            source_id=source_id,
            why=str(why),
            share_ppm=share,
            amount_minor=sign * amount,
            costed_minor=sign * costed,
            cost_minor=sign * cost,
            new_customer=self._bill.is_first and refund is None,
            simulated=touch.simulated if touch else False,
        )


def _take(deal: _Deal, money: Money) -> list[list[int]]:
    """Take a refund's money out of what is left, column by column; returns each touch's part."""
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
    """`split`, at no cost for the money that most orders don't have (goods without a known cost)."""
    return split(amount, weights) if amount else [0] * len(weights)
