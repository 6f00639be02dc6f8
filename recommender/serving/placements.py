"""Which lists make the pool of each placement, and what fills the places that are left."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ..asking import Asked, Placement, Strategy
from ..reasons import Code
from . import stored
from .completing import ranked_for_cart
from .known import Known
from .pool import Listed, Pool, listed
from .since import add_seeds, add_since, add_visit, add_visit_of

BRAND_ARRIVED, CATEGORY_ARRIVED, ARRIVED = 0.9, 0.6, 0.3
"""Beside 1 for a stored list: new products of a brand or a category that this person buys, and the others."""
LIVELIEST = 50
"""So many of a customer's own products tell which brands and categories they like."""
FIRST_OF_ALL = 1_000.0
PERSONAL = {
    Placement.HOME: "next", Placement.ACCOUNT: "next", Placement.EMAIL: "next", Placement.NOTHING_FOUND: "next",
    Placement.NEW: "new", Placement.SUPPORT: "new",
}  # fmt: skip
"""The stored list that each of them shows."""
SPREAD = frozenset(PERSONAL) | {Placement.ORDER}
"""Placements of many tastes: only these are spread over categories."""
ALREADY_OWNED = frozenset({Placement.NEW, Placement.SUPPORT})
"""Placements that never show what the person bought before."""


OF_GOODS = frozenset({
    Placement.PRODUCT, Placement.SIMILAR, Placement.CART, Placement.CHECKOUT, Placement.ORDER,
})  # fmt: skip
"""Placements that go with the goods on the page."""
OF_DEEDS = frozenset({Placement.AGAIN, Placement.RECENT, Placement.ALSO_BOUGHT})
"""Placements whose headings say what somebody did: no other strategy could fill them truly."""


def fill(pool: Pool, known: Known, asked: Asked) -> None:
    """Propose everything that the placement may show."""
    if asked.strategy is Strategy.POPULAR and asked.placement not in OF_DEEDS:
        return
    if asked.strategy is Strategy.SESSION and asked.placement in OF_GOODS:
        _led_here(pool, known, asked)
    if pool.empty:
        _FILL.get(asked.placement, _personal)(pool, known, asked)


def rest(known: Known, asked: Asked) -> Iterator[Listed]:
    """What fills the places left; nothing where the placement's heading would become untrue."""
    model = known.model
    everybody = asked.strategy is Strategy.POPULAR and asked.placement not in OF_DEEDS
    number = model.number.get(asked.product or "")
    if number is not None and asked.placement in OF_GOODS:
        yield stored.popular_of(model, model.category_of(number))
    if asked.placement in SPREAD or everybody:
        yield stored.popular_of(model, asked.category)
        yield stored.popular_in(model, asked.person.region)
        yield stored.popular(model)


def _personal(pool: Pool, known: Known, asked: Asked) -> None:
    if asked.strategy is Strategy.LEARNT:
        pool.add(stored.of_customer(known, PERSONAL[asked.placement]))
    pool.add(stored.popular_of(known.model, asked.category))
    add_since(pool, known)
    if asked.placement is Placement.NEW:
        _add_arrivals(pool, known)


def _again(pool: Pool, known: Known, _asked: Asked) -> None:
    pool.add(stored.again(known))


def _recent(pool: Pool, known: Known, _asked: Asked) -> None:
    """What was looked at, the latest first; then what goes with it."""
    pool.add(listed(np.array(known.seen, np.int32), Code.SEEN), weight=FIRST_OF_ALL)
    add_visit(pool, known)
    add_seeds(pool, known, views_only=True)


def _product(pool: Pool, known: Known, asked: Asked) -> None:
    for number in _page(known, asked):
        pool.add(stored.together(known.model, number), weight=FIRST_OF_ALL)
        pool.add(stored.alike(known.model, number))


def _similar(pool: Pool, known: Known, asked: Asked) -> None:
    for number in _page(known, asked):
        pool.add(stored.alike(known.model, number))
        brand, category = known.brand_of(number), known.category_of(number)
        related = [
            place
            for place, one in known.arrivals.items()
            if (brand and one.brand == brand) or (category and one.category == category)
        ]
        pool.add(listed(np.array(related, np.int32), Code.ARRIVED), weight=CATEGORY_ARRIVED)


def _also_bought(pool: Pool, known: Known, asked: Asked) -> None:
    for number in _page(known, asked):
        pool.add(stored.also_bought(known.model, number))


def _cart(pool: Pool, known: Known, asked: Asked) -> None:
    _complete(pool, known, asked.cart)


def _order(pool: Pool, known: Known, asked: Asked) -> None:
    _complete(pool, known, frozenset(asked.ordered))
    if pool.empty and asked.strategy is Strategy.LEARNT:
        pool.add(stored.of_customer(known, PERSONAL[Placement.HOME]))


_FILL: dict[Placement, Callable[[Pool, Known, Asked], None]] = {
    Placement.AGAIN: _again,
    Placement.RECENT: _recent,
    Placement.PRODUCT: _product,
    Placement.SIMILAR: _similar,
    Placement.ALSO_BOUGHT: _also_bought,
    Placement.CART: _cart,
    Placement.CHECKOUT: _cart,
    Placement.ORDER: _order,
}


def _complete(pool: Pool, known: Known, products: frozenset[str]) -> None:
    number = known.model.number
    inside = sorted(number[one] for one in products - known.person.not_used if one in number)
    if len(inside) == 1:
        pool.add(stored.together(known.model, inside[0]), weight=FIRST_OF_ALL)
        pool.add(stored.alike(known.model, inside[0]))
    elif inside:
        pool.add(ranked_for_cart(known.model, inside))


def _led_here(pool: Pool, known: Known, asked: Asked) -> None:
    """What comes next in visits that came here: the visit's steps, then the goods of the page."""
    number, unused = known.model.number, known.person.not_used
    goods = [*sorted(asked.cart), *asked.ordered, *([asked.product] if asked.product else [])]
    here = [number[one] for one in goods if one in number and one not in unused]
    add_visit_of(pool, known, [*(one for one in known.visit if one not in here), *here])


def _add_arrivals(pool: Pool, known: Known) -> None:
    """New products that the training didn't see: of what this person buys or looks at first, then the others."""
    if not known.arrivals:
        return
    owned = [number for number in list(known.own)[:LIVELIEST] if number not in known.unused]
    liked = [*owned, *(seed.product for seed in known.seeds)]
    brands = {known.brand_of(number) for number in liked} - {""}
    categories = {known.category_of(number) for number in liked} - {""}
    bought = {known.brand_of(number) for number in owned} - {""}
    for number, one in known.arrivals.items():
        code = Code.BRAND if one.brand in bought else Code.ARRIVED
        if one.brand in brands or one.category in categories:
            weight = BRAND_ARRIVED if one.brand in brands else CATEGORY_ARRIVED
            pool.add(listed(np.array([number], np.int32), code), weight=weight)
    pool.add(listed(np.array(list(known.arrivals), np.int32), Code.ARRIVED), weight=ARRIVED)


def _page(known: Known, asked: Asked) -> Iterator[int]:
    """The page's product, unless nothing may be concluded from it or the model doesn't know it."""
    number = known.model.number.get(asked.product or "")
    if number is not None and asked.product not in known.person.not_used:
        yield number
