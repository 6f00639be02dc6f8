"""The stored lists as ranked products with hints: a customer's, a product's neighbours, what is popular."""

from __future__ import annotations

from collections.abc import Iterator

from ..artefact import CODES, Artefact
from ..reasons import Code
from .known import Known
from .pool import Hint

Ranked = Iterator[tuple[str, Hint]]
OF_HISTORY = frozenset({Code.AGAIN, Code.OFTEN})
_HINTS = {code: Hint(code) for code in Code}


def of_customer(known: Known, task: str) -> Ranked:
    """What the training ranked for this customer. What is there only because of a product that must not be used
    is left out.
    """
    if known.row is None:
        return
    model = known.model
    products, lists = model.products, model.lists[task]
    unused = known.person.not_used
    for number, why, source in zip(
        lists.products[known.row].tolist(), lists.why[known.row].tolist(), lists.source[known.row].tolist(), strict=True
    ):
        if number < 0:
            return
        code = CODES[why]
        hint = _HINTS[code]
        if code is Code.BECAUSE or code is Code.LIKE:
            hint = Hint(code, source=products[source])
        elif code is Code.BRAND:
            hint = Hint(code, times=source, word=model.brand_of(number))
        true = _without(known, number, hint, unused) if unused else hint
        if true:
            yield products[number], true


def again(known: Known) -> Ranked:
    """What they bought, as the training ranked it; then the rest of their history, the liveliest habit first."""
    for product, hint in of_customer(known, "next"):
        if hint.code in OF_HISTORY:
            yield product, hint
    products = known.model.products
    for number in known.own:
        if products[number] not in known.person.not_used:
            yield products[number], _HINTS[Code.AGAIN]


def together(model: Artefact, number: int, *, source: str, code: Code = Code.TOGETHER) -> Ranked:
    """What lies in the same orders as the product."""
    found = model.together
    for other, orders in zip(found.products[number].tolist(), found.times[number].tolist(), strict=True):
        if other < 0:
            return
        yield model.products[other], Hint(code, source=source, times=orders if code is Code.TOGETHER else None)


def also_bought(model: Artefact, number: int, *, source: str) -> Ranked:
    """What visitors who looked at the product bought."""
    found = model.also_bought
    for other, visits in zip(found.products[number].tolist(), found.times[number].tolist(), strict=True):
        if other < 0:
            return
        yield model.products[other], Hint(Code.ALSO_BOUGHT, source=source, times=visits)


def alike(model: Artefact, number: int, *, source: str) -> Ranked:
    """What is described like the product."""
    hint = Hint(Code.LIKE, source=source)
    for other in model.similar[number].tolist():
        if other < 0:
            return
        yield model.products[other], hint


def popular(model: Artefact, *, region: str = "") -> Ranked:
    """Best-sellers of the region, where there are any, then everybody's."""
    place = model.region_number.get(region)
    if place is not None:
        for number in model.popular_of_region.row(place).tolist():
            yield model.products[number], Hint(Code.REGION, word=region)
    for number in model.popular.tolist():
        yield model.products[number], _HINTS[Code.POPULAR]


def popular_of(model: Artefact, category: str) -> Ranked:
    """Best-sellers of a category."""
    place = model.category_number.get(category)
    if place is None:
        return
    hint = Hint(Code.CATEGORY, word=category)
    for number in model.popular_of_category.row(place).tolist():
        yield model.products[number], hint


def _without(known: Known, number: int, hint: Hint, unused: frozenset[str]) -> Hint | None:
    """The hint, or another one that doesn't need the unused products, or None where nothing else speaks for it."""
    model = known.model
    if hint.code in OF_HISTORY:
        return None if model.products[number] in unused else hint
    if hint.code in (Code.BECAUSE, Code.LIKE) and hint.source not in unused:
        return hint
    if hint.code is Code.POPULAR:
        return hint
    for other in model.together.products[number].tolist():
        if other in known.own and model.products[other] not in unused:
            return Hint(Code.BECAUSE, source=model.products[other])
    return None
