"""Gift words: by which words of a shelf or a name a product is something to give, to whom, and for which holiday.

A judgement, not a measurement: nobody's data say that toilet paper is no present. Weights run from 0 to 1; a shop whose
shelves have other names lists them (`ECRM_GIFT_SHELVES`). Words are compared whole, without case.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache


class Circle(StrEnum):
    """For whom: the people at home and the relatives, or those whom one knows from work."""

    FAMILY = "family"
    COLLEAGUES = "colleagues"


@dataclass(frozen=True)
class GiftKind:
    """A kind of present. `shelf`: words of a category that holds such things; `name`: words that say it by themselves,
    in whatever category. `children`: for them above all. `shared`: easy to share with many.
    """

    name: str
    family: float
    colleagues: float
    shelf: str
    own: str = ""
    children: bool = False
    shared: bool = False


KINDS = (
    GiftKind("toys", 1.0, 0.0, "toy toys puzzle spielzeug", "plush doll puzzle lego teddy", children=True),
    GiftKind(
        "sweets", 0.6, 1.0, "chocolate chocolates candy sweets cookies biscuits schokolade pralinen",
        "praline pralines truffles shortbread", shared=True,
    ),
    GiftKind("hampers", 1.0, 0.9, "gift gifts hamper geschenke", "hamper giftware", shared=True),
    GiftKind("flowers", 0.9, 0.6, "bouquet bouquets flower flowers roses orchid flowering blumen", "bouquet orchid"),
    GiftKind("hot drinks", 0.3, 0.9, "coffee tea teas cocoa kaffee tee", shared=True),
    GiftKind("nuts", 0.2, 0.6, "nuts", shared=True),
    GiftKind("light", 0.7, 0.7, "candle candles kerzen", "candle lantern"),
    GiftKind("books", 0.9, 0.5, "book books buch"),
    GiftKind("desk", 0.2, 0.7, "stationery notebooks calendars", "notebook mug diary"),
    GiftKind("scents", 1.0, 0.1, "fragrance fragrances perfume parfum", "perfume"),
    GiftKind("jewellery", 1.0, 0.0, "jewellery jewelry watches", "necklace bracelet earrings brooch"),
    GiftKind("wear", 0.6, 0.1, "apparel scarves wallets purses bags", "scarf wallet"),
    GiftKind("kitchen", 0.7, 0.2, "cookware bakeware gadgets glassware dinnerware dining", "teapot"),
    GiftKind("home", 0.7, 0.3, "vases decorations textiles", "vase cushion"),
    GiftKind("media", 0.7, 0.2, "audio video vinyl"),
    GiftKind("hobbies", 0.7, 0.2, "memorabilia sewing craft"),
)  # fmt: skip
SEASONAL: dict[str, tuple[str, ...]] = {
    "easter": ("easter", "bunny", "ostern"),
    "christmas": ("christmas", "xmas", "santa", "advent", "weihnachten", "nativity", "snowman", "ornament"),
    "valentines": ("valentine", "valentines", "sweetheart"),
    "halloween": ("halloween", "pumpkin", "skull"),
    "mothers_day": ("mother", "mum", "mom"),
    "fathers_day": ("father", "dad"),
    "diwali": ("diwali", "diya", "rangoli"),
    "lunar_new_year": ("lunar", "dragon"),
}
"""Words of one holiday: its own goods go first, those of others aren't shown."""
_SPOIL = (
    "accessories ale antacids appliances baby bacon batteries beer boxes breakfast bulk canned cat cereal cheese "
    "chilled chips cleaning coupon creamer detergent diaper diapers diet dishwashing dog donuts dough feminine "
    "film filter filters fowl frozen gum hygiene incontinence infant juice laundry lunchmeat meat medicine milk mix "
    "mixes paper pet plates raisins razors refill rolls salad sauce sausage school seeds shampoo snacks soup "
    "spice sugar supplies syrup tissues toilet trash vegetable vitamins"
)
"""Words that spoil it: chocolate milk is no present."""
_NEVER = frozenset(_SPOIL.split())


@dataclass(frozen=True)
class Givable:
    """What a product is as a present. `season`: the code of the one holiday that it is made for, else empty."""

    kind: str
    family: float
    colleagues: float
    children: bool
    season: str
    shared: bool = False

    def weight(self, circle: Circle) -> float:
        """How well it suits them, from 0."""
        return self.family if circle is Circle.FAMILY else self.colleagues


def givable(name: str, category: str, *, shelves: Collection[str] = ()) -> Givable | None:
    """What a product is as a present; None for what nobody gives.

    Args:
        shelves: the shop's own categories for giving; where there are any, nothing else is.
    """
    if shelves:
        if category not in shelves:
            return None
        found = _by_words(name, category) or Givable("own", 1.0, 0.8, False, "")
        return replace(found, family=max(found.family, 0.5), colleagues=max(found.colleagues, 0.4))
    return _by_words(name, category)


@lru_cache(maxsize=65_536)
def _by_words(name: str, category: str) -> Givable | None:
    shelf, own = _words(category), _words(name)
    if (shelf | own) & _NEVER:
        return None
    season = next((code for code, words in SEASONAL.items() if (shelf | own) & set(words)), "")
    for part, words, share in ((shelf, _SHELF, 1.0), (own, _OWN, 0.7)):
        fits = [kind for kind in KINDS if part & words[kind.name]]
        if fits:
            best = max(fits, key=lambda kind: kind.family + kind.colleagues)
            return Givable(
                best.name, best.family * share, best.colleagues * share, best.children, season, best.shared
            )  # fmt: skip
    return Givable("season", 0.8, 0.5, False, season) if season else None


_SHELF = {kind.name: frozenset(kind.shelf.split()) for kind in KINDS}
_OWN = {kind.name: frozenset(kind.own.split()) for kind in KINDS}


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W\d_]+", text.casefold()))
