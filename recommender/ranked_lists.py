"""Training: from all purchases to stored lists, published in one transaction; pages never see half a model."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from .candidates.basket_knn import Neighbours, neighbours, ranked
from .candidates.popularity import recent_popularity
from .interactions import Interactions
from .ranking import Blend, Explainer, best
from .reasons import Code, Reason
from .store import RankedList

A_CUSTOMER, A_DISCOVERY, A_PRODUCT, POPULAR = 60, 30, 24, 100
"""Length of the lists. Longer than what is shown, as some of it is sold out, in the cart or on the page already."""
KEEP_MODELS = 2
ROWS_AT_ONCE = 5_000


def lists(interactions: Interactions) -> list[dict[str, Any]]:
    """Every list as the row it is stored in."""
    return list(_lists(interactions))


def store(session: Session, model_id: int, rows: list[dict[str, Any]]) -> None:
    """Write them, and forget those of models that aren't served."""
    session.execute(delete(RankedList).where(RankedList.model_id != model_id))
    _store(session, model_id, rows)


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
