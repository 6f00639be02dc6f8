"""Which lists make the pool of each placement, and what fills the places that are left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from ..artefact import Artefact
from ..asking import Arrival, Asked, Placement, Strategy
from ..reasons import Code
from . import since, stored
from .completing import ranked_for_cart
from .known import SEEDS, Known
from .pool import Hint, Pool

STORED = 1.0
BRAND_ARRIVED, CATEGORY_ARRIVED, ARRIVED = 0.9, 0.6, 0.3
"""Beside 1 for a stored list: new products of a brand or a category that this person buys, and the others."""
PERSONAL = {
    Placement.HOME: "next", Placement.ACCOUNT: "next", Placement.EMAIL: "next", Placement.NOTHING_FOUND: "next",
    Placement.NEW: "new", Placement.SUPPORT: "new",
}  # fmt: skip
"""The stored list that each of them shows."""
SPREAD = frozenset(PERSONAL) | {Placement.ORDER}
"""Placements of many tastes: only these are spread over categories."""
ALREADY_OWNED = frozenset({Placement.NEW, Placement.SUPPORT})
"""Placements that never show what the person bought before."""


def fill(pool: Pool, known: Known, asked: Asked, arrivals: Sequence[Arrival]) -> None:
    """Propose everything that the placement may show."""
    if asked.strategy is Strategy.POPULAR and asked.placement in PERSONAL:
        return
    filler = _FILL.get(asked.placement)
    if filler is None:
        _personal(pool, known, asked, arrivals)
    else:
        filler(pool, known, asked, arrivals)


def rest(known: Known, asked: Asked) -> Iterator[tuple[str, Hint]]:
    """What fills the places left; nothing where the placement's heading would become untrue."""
    model = known.model
    if asked.placement in (Placement.PRODUCT, Placement.SIMILAR):
        number = model.number.get(asked.product or "")
        if number is not None:
            yield from stored.popular_of(model, model.category_of(number))
    elif asked.placement in PERSONAL or asked.placement is Placement.ORDER:
        if asked.category:
            yield from stored.popular_of(model, asked.category)
        yield from stored.popular(model, region=asked.person.region)


def _personal(pool: Pool, known: Known, asked: Asked, arrivals: Sequence[Arrival]) -> None:
    task = PERSONAL[asked.placement]
    if asked.strategy is Strategy.LEARNT:
        pool.add(stored.of_customer(known, task), weight=STORED)
    if asked.category:
        pool.add(stored.popular_of(known.model, asked.category), weight=STORED)
    since.add_since(pool, known)
    if asked.placement is Placement.NEW:
        _add_arrivals(pool, known, arrivals)


def _again(pool: Pool, known: Known, _asked: Asked, _arrivals: Sequence[Arrival]) -> None:
    pool.add(_once(stored.again(known)), weight=STORED)


def _recent(pool: Pool, known: Known, asked: Asked, _arrivals: Sequence[Arrival]) -> None:
    """What was looked at, the latest first; then what goes with it."""
    looked = [(product, Hint(Code.SEEN)) for product in known.seen if product not in known.person.not_used]
    pool.add(looked, weight=1000.0)
    since.add_visit(pool, known)
    since.add_seeds(pool, known, views_only=True)


def _product(pool: Pool, known: Known, asked: Asked, _arrivals: Sequence[Arrival]) -> None:
    for number, product in _page(known.model, asked):
        pool.add(
            _once(chain(
                stored.together(known.model, number, source=product), stored.alike(known.model, number, source=product)
            )),
            weight=STORED,
        )  # fmt: skip


def _similar(pool: Pool, known: Known, asked: Asked, arrivals: Sequence[Arrival]) -> None:
    model = known.model
    for number, product in _page(model, asked):
        pool.add(stored.alike(model, number, source=product), weight=STORED)
        brand, category = model.brand_of(number), model.category_of(number)
        related = [one for one in arrivals if (brand and one.brand == brand) or (category and one.category == category)]
        pool.add(((one.product, Hint(Code.ARRIVED)) for one in related), weight=CATEGORY_ARRIVED)


def _also_bought(pool: Pool, known: Known, asked: Asked, _arrivals: Sequence[Arrival]) -> None:
    for number, product in _page(known.model, asked):
        pool.add(stored.also_bought(known.model, number, source=product), weight=STORED)


def _cart(pool: Pool, known: Known, asked: Asked, _arrivals: Sequence[Arrival]) -> None:
    model, unused = known.model, known.person.not_used
    inside = [model.number[one] for one in asked.cart if one in model.number and one not in unused]
    pool.add(_once(ranked_for_cart(model, inside)), weight=STORED)


def _order(pool: Pool, known: Known, asked: Asked, arrivals: Sequence[Arrival]) -> None:
    model, unused = known.model, known.person.not_used
    inside = [model.number[one] for one in asked.ordered if one in model.number and one not in unused]
    pool.add(_once(ranked_for_cart(model, inside)), weight=STORED)
    if not pool.candidates and asked.strategy is Strategy.LEARNT:
        pool.add(stored.of_customer(known, "next"), weight=STORED)


_Fill = Callable[[Pool, Known, Asked, Sequence[Arrival]], None]
_FILL: dict[Placement, _Fill] = {
    Placement.AGAIN: _again,
    Placement.RECENT: _recent,
    Placement.PRODUCT: _product,
    Placement.SIMILAR: _similar,
    Placement.ALSO_BOUGHT: _also_bought,
    Placement.CART: _cart,
    Placement.CHECKOUT: _cart,
    Placement.ORDER: _order,
}


def _add_arrivals(pool: Pool, known: Known, arrivals: Sequence[Arrival]) -> None:
    """New products that the training didn't see: of what this person buys or looks at first, then the others."""
    if not arrivals:
        return
    model = known.model
    liked = [*list(known.own)[:50], *(seed.number for seed in known.seeds[:SEEDS])]
    usable = [number for number in liked if model.products[number] not in known.person.not_used]
    owned = {model.brand_of(number) for number in usable if number in known.own} - {""}
    brands = {model.brand_of(number) for number in usable} - {""}
    categories = {model.category_of(number) for number in usable} - {""}
    for one in arrivals:
        if one.brand in brands:
            bought = one.brand in owned
            hint = Hint(Code.BRAND, word=one.brand) if bought else Hint(Code.ARRIVED)
            pool.add([(one.product, hint)], weight=BRAND_ARRIVED)
        elif one.category in categories:
            pool.add([(one.product, Hint(Code.ARRIVED))], weight=CATEGORY_ARRIVED)
    pool.add(((one.product, Hint(Code.ARRIVED)) for one in arrivals), weight=ARRIVED)


def _page(model: Artefact, asked: Asked) -> Iterator[tuple[int, str]]:
    """The page's product, unless nothing may be concluded from it or the model doesn't know it."""
    number = model.number.get(asked.product or "")
    if number is not None and asked.product is not None and asked.product not in asked.person.not_used:
        yield number, asked.product


def _once(ranked: Iterable[tuple[str, Hint]]) -> list[tuple[str, Hint]]:
    """Each product at its first place."""
    found: dict[str, Hint] = {}
    for product, hint in ranked:
        found.setdefault(product, hint)
    return list(found.items())
