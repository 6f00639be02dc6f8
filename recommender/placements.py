"""Placements: what to show where, from the stored lists and from what happened since the model was trained.

Reads a handful of rows by their keys and knows no numpy, so that a page costs next to nothing. What may be sold
(listed, in stock) is the storefront's business: ask for a few more than you show.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from tracking.orders import SeenOrder, SeenOrderLine

from .reasons import Code, Reason, parse
from .store import Model, RankedList

PLACEMENTS = ("home", "product", "cart", "order")
"""Where recommendations are shown: the front page, a product's page, the cart, and after an order."""
SEEDS = 10
"""So many of the latest products looked at or bought are asked for their neighbours."""
FADE = 0.85
"""Each older seed counts this much of the one before."""
FUSION = 10
"""k of reciprocal rank fusion, 1 / (k + rank) (Cormack et al., SIGIR 2009); small, as our lists are short."""
FRESH_EVERY = 3
"""On a known customer's page each third product is one they never bought: repeat purchase and discovery are two
tasks with two winners, and a front page needs both."""


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """A product (the shop's id) and why: `because` is the product that the reason points at, `count` its figure."""

    product: str
    reason: Code
    because: str | None = None
    count: int | None = None


class _List(NamedTuple):
    weight: float
    entries: Sequence[Recommendation]


Lists = Mapping[tuple[str, str], list[Recommendation]]


def recommend(
    session: Session,
    placement: str,
    *,
    customer_id: int | None = None,
    product: str | None = None,
    cart: Collection[str] = (),
    recent: Sequence[str] = (),
    n: int = 10,
    exclude: Collection[str] = (),
) -> list[Recommendation]:
    """The best `n` products for a placement, best first; the same question gets the same answer.

    Args:
        placement: one of `PLACEMENTS`.
        customer_id: the CRM's id of the customer, where known.
        product: the product of the page (placement `product`).
        cart: what lies in the cart; never recommended.
        recent: products this visitor looked at, the latest first.
        exclude: what else must not be shown, e.g. what the page shows already.

    Returns:
        Up to `n`; nothing where no model was published yet.

    Raises:
        ValueError: for an unknown placement.
    """
    if placement not in PLACEMENTS:
        raise ValueError(f"no placement is called {placement!r}; there are {', '.join(PLACEMENTS)}")
    model = session.execute(_newest(Model.id, Model.trained_at)).first()
    if model is None or n <= 0:
        return []
    model_id, trained_at = model
    since = _bought_since(session, trained_at, customer_id)
    viewed = [one for one in dict.fromkeys(recent) if one not in since][:SEEDS]
    in_cart = sorted(cart)
    lists = _read(session, model_id, customer_id, [*since, *viewed, *in_cart, *([product] if product else [])])
    excluded = {*exclude, *cart, *since, *([product] if product else [])}

    personal = _for_you(lists, customer_id=customer_id, since=since, viewed=viewed)
    if placement == "product":
        first = _together(lists, product or "")
    elif placement == "cart":
        first = _fuse([_List(1.0, _together(lists, one)) for one in in_cart])
    else:
        first = []
    enough = _take(chain(first, personal), n, excluded)
    if len(enough) == n:
        return enough
    return _take(chain(enough, stored_in(session, model_id, "popular", "")), n, excluded)


def present_model(session: Session) -> Model | None:
    """The newest published model, or None before the first training."""
    return session.scalars(_newest(Model)).first()


def stored(session: Session, kind: str, key: str) -> list[Recommendation]:
    """A ranked list as it was trained: kind `customer`, `discovery`, `product` or `popular` (with an empty key)."""
    model = present_model(session)
    return [] if model is None else stored_in(session, model.id, kind, key)


def stored_in(session: Session, model_id: int, kind: str, key: str) -> list[Recommendation]:
    """The same of a certain model."""
    wanted = (RankedList.model_id == model_id, RankedList.kind == kind, RankedList.key == key)
    row = session.execute(select(RankedList.products, RankedList.reasons).where(*wanted)).first()
    return [] if row is None else _entries(kind, key, row.products, row.reasons)


def _newest(*of: Any) -> Select[Any]:
    published = select(*of).where(Model.published_at.is_not(None))
    return published.order_by(Model.published_at.desc(), Model.id.desc()).limit(1)


def _bought_since(session: Session, trained_at: datetime, customer_id: int | None) -> list[str]:
    """What this customer ordered after the training, the latest first: the orders of the last minute count."""
    if customer_id is None:
        return []
    query = (
        select(SeenOrderLine.product)
        .join(SeenOrder, SeenOrder.id == SeenOrderLine.order_id)
        .where(SeenOrder.customer_id == customer_id, SeenOrder.placed_at > trained_at)
        .order_by(SeenOrder.placed_at.desc(), SeenOrder.id.desc(), SeenOrderLine.position)
        .limit(100)
    )
    return list(dict.fromkeys(session.scalars(query)))


def _read(session: Session, model_id: int, customer_id: int | None, products: Sequence[str]) -> Lists:
    wanted = []
    if products:
        wanted.append(and_(RankedList.kind == "product", RankedList.key.in_(set(products[: 4 * SEEDS]))))
    if customer_id is not None:
        wanted.append(and_(RankedList.kind.in_(("customer", "discovery")), RankedList.key == str(customer_id)))
    if not wanted:
        return {}
    rows = session.execute(
        select(RankedList.kind, RankedList.key, RankedList.products, RankedList.reasons).where(
            RankedList.model_id == model_id, or_(*wanted)
        )
    )
    return {(row.kind, row.key): _entries(row.kind, row.key, row.products, row.reasons) for row in rows}


def _entries(kind: str, key: str, products: Sequence[str], reasons: Sequence[str]) -> list[Recommendation]:
    pairs = zip(products, map(parse, reasons), strict=True)
    anchor = key if kind == "product" else None
    return [_recommendation(product, reason, anchor) for product, reason in pairs]


def _recommendation(product: str, reason: Reason, anchor: str | None) -> Recommendation:
    return Recommendation(product=product, reason=reason.code, because=reason.product or anchor, count=reason.count)


def _together(lists: Lists, product: str) -> list[Recommendation]:
    return lists.get(("product", product), [])


def _for_you(
    lists: Lists, *, customer_id: int | None, since: Sequence[str], viewed: Sequence[str]
) -> Iterable[Recommendation]:
    """What the customer buys next, each third place given to something they never bought."""
    known = lists.get(("customer", str(customer_id)), [])
    discovery = lists.get(("discovery", str(customer_id)), [])
    fresh = _fuse(
        [_List(1.0, discovery)]
        + [_List(FADE**age, _neighbours(lists, one, Code.BECAUSE)) for age, one in enumerate(since[:SEEDS])]
        + [_List(FADE**age, _neighbours(lists, one, Code.VIEWED)) for age, one in enumerate(viewed)]
    )
    return _every_third(known, fresh)


def _neighbours(lists: Lists, product: str, code: Code) -> list[Recommendation]:
    return [replace(entry, reason=code, count=None) for entry in _together(lists, product)]


def _fuse(lists: Iterable[_List]) -> list[Recommendation]:
    """Merge ranked lists by reciprocal rank; a product keeps the reason of the list that speaks most for it."""
    score: dict[str, float] = {}
    best: dict[str, tuple[float, Recommendation]] = {}
    for weight, entries in lists:
        for rank, entry in enumerate(entries):
            gain = weight / (FUSION + rank)
            score[entry.product] = score.get(entry.product, 0.0) + gain
            if entry.product not in best or gain > best[entry.product][0]:
                best[entry.product] = (gain, entry)
    # sorted is stable and dicts keep their order: ties stay in the order of first sight
    return [best[product][1] for product in sorted(score, key=lambda product: -score[product])]


def _every_third(main: Sequence[Recommendation], fresh: Sequence[Recommendation]) -> Iterable[Recommendation]:
    rest = iter(fresh)
    for place, entry in enumerate(main, start=1):
        yield entry
        if place % (FRESH_EVERY - 1) == 0:
            yield from (one for one in (next(rest, None),) if one is not None)
    yield from rest


def _take(entries: Iterable[Recommendation], n: int, excluded: Collection[str]) -> list[Recommendation]:
    taken: dict[str, Recommendation] = {}
    for entry in entries:
        if entry.product not in excluded and entry.product not in taken:
            taken[entry.product] = entry
            if len(taken) == n:
                break
    return list(taken.values())
