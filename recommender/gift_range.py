"""Gift range: all presents of a shop in order, so that one giver's lists are made from a few hundred of them.

What doesn't depend on the giver is reckoned once. Of each circle the best for children and for others are taken, in
every price band around what the giver would pay, and of what names an interest of theirs: what else there is would
hardly come to stand on their lists.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

from .gift_words import Circle
from .gifts import BOLDNESS, Giver, Present, general_worth, names_interest

BAND = 0.45
"""Width of a price band, on a log scale: half of what makes a price suit less."""
BANDS_AROUND = 2
OF_A_BAND, OF_ALL, OF_AN_INTEREST = 60, 200, 60
_MOST_INTERESTS = 500
"""Kept; people write what they like."""


class GiftRange:
    """The presents for one holiday."""

    def __init__(self, goods: Sequence[Present], *, holiday: str) -> None:
        self._bands: dict[Circle, dict[tuple[int, bool], list[Present]]] = {}
        self._best: dict[Circle, list[Present]] = {}
        self._of_interest: dict[str, list[Present]] = {}
        for circle in Circle:
            worth = [(general_worth(one, circle, holiday), one) for one in goods if one.kind.season in ("", holiday)]
            ordered = sorted((pair for pair in worth if pair[0] > 0), key=lambda pair: (-pair[0], pair[1].product))
            self._best[circle] = [one for _worth, one in ordered]
            bands: dict[tuple[int, bool], list[Present]] = defaultdict(list)
            for one in self._best[circle]:
                bands[_band(one.price_minor), one.kind.children].append(one)
            self._bands[circle] = dict(bands)

    def promising(self, giver: Giver) -> list[Present]:
        """What may come to stand on this giver's lists."""
        gone = giver.gone
        found: dict[str, Present] = {}
        for circle in Circle:
            for children in (False, True):
                of_circle = (one for one in self._best[circle] if one.kind.children is children)
                _take(found, of_circle, OF_ALL, gone)
            if giver.usual_minor:
                middle = _band(giver.usual_minor * BOLDNESS[circle])
                for band in range(middle - BANDS_AROUND, middle + BANDS_AROUND + 1):
                    for children in (False, True):
                        _take(found, self._bands[circle].get((band, children), ()), OF_A_BAND, gone)
        for interest in giver.interests:
            _take(found, self._naming(interest), OF_AN_INTEREST, gone)
        return list(found.values())

    def _naming(self, interest: str) -> list[Present]:
        wanted = interest.casefold()
        found = self._of_interest.get(wanted)
        if found is None:
            found = [one for one in self._best[Circle.FAMILY] if names_interest(one, interest)]
            if len(self._of_interest) < _MOST_INTERESTS:
                self._of_interest[wanted] = found
        return found


def _take(found: dict[str, Present], some: Iterable[Present], most: int, gone: set[str]) -> None:
    taken = 0
    for one in some:
        if taken == most:
            return
        if one.product not in gone:
            found.setdefault(one.product, one)
            taken += 1


def _band(price: float) -> int:
    return math.floor(math.log(max(price, 1)) / BAND)
