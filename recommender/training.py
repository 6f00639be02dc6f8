"""Training: from all purchases to stored lists, published in one transaction; pages never see half a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from itertools import islice
from time import perf_counter
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from .candidates.basket_knn import Neighbours, neighbours, ranked
from .candidates.popularity import recent_popularity
from .interactions import Interactions, read_interactions
from .ranking import Blend, Explainer, best
from .reasons import Code, Reason
from .store import Model, RankedList

A_CUSTOMER, A_DISCOVERY, A_PRODUCT, POPULAR = 60, 30, 24, 100
"""Length of the lists. Longer than what is shown, as some of it is sold out, in the cart or on the page already."""
KEEP_MODELS = 2
ROWS_AT_ONCE = 5_000


@dataclass(frozen=True, kw_only=True)
class TrainingReport:
    """What was learnt from how much, and how long it took."""

    model_id: int
    customers: int
    products: int
    orders: int
    lines: int
    lists: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"learnt from {self.lines:,} lines of {self.orders:,} orders: {self.lists:,} lists for "
            f"{self.customers:,} customers and {self.products:,} products in {self.seconds:.1f} s"
        )


def train(session: Session, now: datetime, *, zone: tzinfo = UTC) -> TrainingReport:
    """Learn from everything bought up to `now` and publish it; the two newest models are kept.

    `zone` is the shop's: a customer's days are those of its calendar.

    The whole of completejourney (1.47 million lines) takes well under 35 s and 1.2 GB on two cores. A shop with no
    order, one product or one customer gets a model of what there is.
    """
    started = perf_counter()
    interactions = read_interactions(session, now, zone=zone)
    rows = list(_lists(interactions))  # all of it before the first write: the lock on the database stays short
    model = Model(
        trained_at=now,
        published_at=now,
        customers=len(interactions.customers),
        products=len(interactions.products),
        interactions=len(interactions.line_product),
        facts={},
    )
    session.add(model)
    session.flush()
    _store(session, model.id, rows)
    _prune(session)
    report = TrainingReport(
        model_id=model.id,
        customers=model.customers,
        products=model.products,
        orders=len(interactions.order_age),
        lines=model.interactions,
        lists=len(rows),
        seconds=round(perf_counter() - started, 1),
    )
    model.facts = {"orders": report.orders, "lists": report.lists, "seconds": report.seconds}
    session.flush()
    return report


def _lists(interactions: Interactions) -> Iterator[dict[str, Any]]:
    """Every list as the row it is stored in, without the model's id."""
    if not len(interactions.line_product):
        return
    words = _Words()
    found = neighbours(interactions)
    yield _popular(interactions, words)
    yield from _of_products(interactions, found, words)
    yield from _of_customers(interactions, found, words)


def _popular(interactions: Interactions, words: _Words) -> dict[str, Any]:
    chosen = best(recent_popularity(interactions), POPULAR)
    return _row(interactions, "popular", "", chosen, [words.of(Reason(code=Code.POPULAR))] * len(chosen))


def _of_products(interactions: Interactions, found: Neighbours, words: _Words) -> Iterator[dict[str, Any]]:
    for product, others, orders in ranked(found, A_PRODUCT):
        reasons = [words.together(count) for count in orders.tolist()]
        yield _row(interactions, "product", interactions.products[product], others.tolist(), reasons)


def _of_customers(interactions: Interactions, found: Neighbours, words: _Words) -> Iterator[dict[str, Any]]:
    blend = Blend(interactions)
    explainer = Explainer(blend, found)
    for block in blend.blocks():
        for row in range(len(block.own)):
            key = str(interactions.customers[block.start + row])
            for kind, scores, n in (
                ("customer", block.following[row], A_CUSTOMER),
                ("discovery", block.new[row], A_DISCOVERY),
            ):
                chosen = best(scores, n)
                reasons = [words.of(reason) for reason in explainer.reasons(block, row, chosen)]
                yield _row(interactions, kind, key, chosen, reasons)


class _Words:
    """Writes each distinct reason once: millions of places share some ten thousand strings."""

    def __init__(self) -> None:
        self._written: dict[Reason, str] = {}
        self._together: dict[int, str] = {}

    def of(self, reason: Reason) -> str:
        if reason not in self._written:
            self._written[reason] = str(reason)
        return self._written[reason]

    def together(self, count: int) -> str:
        if count not in self._together:
            self._together[count] = str(Reason(code=Code.TOGETHER, count=count))
        return self._together[count]


def _row(interactions: Interactions, kind: str, key: str, chosen: list[int], reasons: list[str]) -> dict[str, Any]:
    products = [interactions.products[product] for product in chosen]
    return {"kind": kind, "key": key, "products": products, "reasons": reasons}


def _store(session: Session, model_id: int, rows: list[dict[str, Any]]) -> None:
    pending = iter(rows)
    while part := list(islice(pending, ROWS_AT_ONCE)):
        session.execute(insert(RankedList), [row | {"model_id": model_id} for row in part])


def _prune(session: Session) -> None:
    newest = select(Model.id).order_by(Model.published_at.desc(), Model.id.desc()).limit(KEEP_MODELS)
    keep = session.scalars(newest).all()
    session.execute(delete(RankedList).where(RankedList.model_id.not_in(keep)))
    session.execute(delete(Model).where(Model.id.not_in(keep)))
