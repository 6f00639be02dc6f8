"""The stored lists, with hints: a customer's, a product's neighbours, what is popular."""

from __future__ import annotations

from itertools import islice

import numpy as np

from ..artefact import NUMBER_OF_CODE, Artefact
from ..reasons import Code
from .known import Known
from .pool import NOBODY, Listed, among, listed

AGAIN, OFTEN = NUMBER_OF_CODE[Code.AGAIN], NUMBER_OF_CODE[Code.OFTEN]
BECAUSE, LIKE, BRAND, POPULAR = (NUMBER_OF_CODE[one] for one in (Code.BECAUSE, Code.LIKE, Code.BRAND, Code.POPULAR))
NONE = np.empty(0, np.int32)
CAUSES = 200
"""So many of a customer's liveliest products are asked for another reason."""


def of_customer(known: Known, task: str) -> Listed:
    """What the training ranked for this customer. What is there only because of a product that must not be used
    is left out.
    """
    if known.row is None:
        return listed(NONE, Code.POPULAR)
    lists = known.model.lists[task]
    products, why, source = lists.products[known.row], lists.why[known.row], lists.source[known.row]
    of_brand = why == BRAND
    found = Listed(products, why.astype(np.int32), np.where(of_brand, NOBODY, source), np.where(of_brand, source, 0))
    return _without_unused(known, found) if known.unused else found


def again(known: Known) -> Listed:
    """What they bought, as the training ranked it; then the rest of their history, the liveliest habit first."""
    ranked = of_customer(known, "next")
    why = np.asarray(ranked.why)
    first = ranked.products[(why == AGAIN) | (why == OFTEN)] if known.row is not None else NONE
    products = [one for one in dict.fromkeys([*first.tolist(), *known.own]) if one not in known.unused and one >= 0]
    return listed(np.array(products, np.int32), Code.AGAIN)


def together(model: Artefact, number: int) -> Listed:
    """What lies in the same orders as the product."""
    return listed(model.together.products[number], Code.TOGETHER, source=number, times=model.together.times[number])


def also_bought(model: Artefact, number: int) -> Listed:
    """What visitors who looked at the product bought."""
    found = model.also_bought
    return listed(found.products[number], Code.ALSO_BOUGHT, source=number, times=found.times[number])


def alike(model: Artefact, number: int) -> Listed:
    """What is described like the product."""
    return listed(model.similar[number], Code.LIKE, source=number)


def popular(model: Artefact) -> Listed:
    """Best-sellers."""
    return listed(model.popular, Code.POPULAR)


def popular_in(model: Artefact, region: str) -> Listed:
    """Best-sellers of a region; nothing for one that has none of its own."""
    place = model.region_number.get(region)
    return listed(NONE if place is None else model.popular_of_region.row(place), Code.REGION)


def popular_of(model: Artefact, category: str) -> Listed:
    """Best-sellers of a category."""
    place = model.category_number.get(category)
    return listed(NONE if place is None else model.popular_of_category.row(place), Code.CATEGORY)


def _without_unused(known: Known, found: Listed) -> Listed:
    """The same with nothing that stands there because of unused products; another true reason where there is one."""
    unused = list(known.unused)
    why, habit = found.why, (found.why == AGAIN) | (found.why == OFTEN)
    kept = ~(habit & among(found.products, unused))
    caused = ((why == BECAUSE) | (why == LIKE)) & ~among(found.source, unused)
    open_ = np.flatnonzero(~(habit | caused | (why == POPULAR)) & (found.products >= 0))
    own = {one for one in islice(known.own, CAUSES) if one not in known.unused}
    causes = known.model.together.products[found.products[open_]].tolist()
    first = np.array([next((one for one in row if one in own), NOBODY) for row in causes], np.int32)
    kept[open_] = first != NOBODY
    found.why[open_], found.source[open_], found.times[open_] = BECAUSE, first, 0
    return found.only(kept)
