"""Gifts: ideas for somebody's family and for their colleagues, each with what speaks for it.

A list is made of what is for giving (`gift_words`), by what is known of the giver: who lives with them, what they are
interested in, what they bought and gave before. The family's is personal and may cost more; what goes to colleagues is
small, easy to share and liked by many. No product stands on both.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any

from .gift_words import Circle, Givable, givable

EACH = 4
"""Ideas a circle."""
BOLDNESS = {Circle.FAMILY: 3.0, Circle.COLLEAGUES: 1.2}
"""A present costs so many times what the giver usually pays for one thing."""
MANY = 20
"""Customers from whom on their number says something."""
_WIDTH = 0.9
"""Of the price's bell on a log scale: about half or twice the wanted price still suits."""


class Why(StrEnum):
    """What speaks for an idea; what it is about stands beside it."""

    CHILDREN = "children"  # about: how many live there, empty if nobody said
    INTEREST = "interest"  # about: the interest
    GIVEN = "given"  # about: the product given before that is of the same kind
    SEASON = "season"  # about: nothing; made for this holiday
    BRAND = "brand"  # about: the brand that they often buy
    SHELF = "shelf"  # about: the category that they like
    SHARED = "shared"  # about: how many customers bought it; easy to share
    LIKED = "liked"  # about: how many customers bought it
    CLASSIC = "classic"  # about: nothing; what people give


@dataclass(frozen=True, slots=True)
class Present:
    """A product that is something to give. `buyers`: customers who bought it; `lift`: how much more its category sells
    before such a holiday than else, 1 for as much.
    """

    product: str
    text: str
    brand: str
    category: str
    price_minor: int
    buyers: int
    kind: Givable
    lift: float = 1.0


@dataclass(frozen=True)
class Giver:
    """What is known of somebody who gives. `usual_minor`: what they pay for one thing, the median; 0 for unknown.

    `bought`: all that they have; `given`: presents of earlier years, the latest first; `shown`: last year's ideas.
    """

    key: str
    household: str = ""
    children: int | None = None
    interests: Sequence[str] = ()
    usual_minor: int = 0
    bought: Collection[str] = frozenset()
    brands: Mapping[str, int] = field(default_factory=dict)
    categories: Mapping[str, int] = field(default_factory=dict)
    given: Sequence[Present] = ()
    shown: Collection[str] = frozenset()

    @property
    def gone(self) -> set[str]:
        """What is no idea for them any more."""
        return {*self.bought, *self.shown, *(one.product for one in self.given)}


@dataclass(frozen=True)
class Idea:
    """One product of a list, with the best of its reasons."""

    product: str
    category: str
    why: Why
    about: str
    score: float


def presents(
    catalogue: Iterable[Any], buyers: Mapping[str, int], *, lifts: Mapping[str, float], shelves: Collection[str] = ()
) -> list[Present]:
    """What of a catalogue is for giving.

    Args:
        catalogue: things with `product_id`, `text`, `brand`, `category`, `price_minor` and `available`.
        buyers: how many customers bought a product.
        lifts: `season_lifts` of categories.
    """
    found = []
    for one in catalogue:
        kind = givable(one.text, one.category, shelves=shelves) if one.available and one.price_minor else None
        if kind is not None:
            found.append(
                Present(
                    one.product_id, one.text.casefold(), one.brand, one.category, one.price_minor,
                    buyers.get(one.product_id, 0), kind, lifts.get(one.category, 1.0),
                )
            )  # fmt: skip
    return found


def season_lifts(before: Mapping[str, int], ever: Mapping[str, int], *, prior: float = 30.0) -> dict[str, float]:
    """By category: how much more is sold in the weeks before such holidays than its share of all sales lets expect.

    With `prior` expected sales added to both sides, so that few sales say little: the posterior mean of a Gamma-Poisson
    model with mean 1 (Gelman et al., "Bayesian Data Analysis", 2.6).
    """
    share = sum(before.values()) / max(sum(ever.values()), 1)
    return {name: (before.get(name, 0) + prior) / (count * share + prior) for name, count in ever.items()}


def gift_lists(goods: Sequence[Present], giver: Giver, *, holiday: str, each: int = EACH) -> dict[Circle, list[Idea]]:
    """The ideas for each circle, best first; nothing that the giver has, gave or was shown for this holiday before."""
    gone = giver.gone
    fit = [one for one in goods if one.product not in gone and one.kind.season in ("", holiday)]
    lists: dict[Circle, list[Idea]] = {}
    taken: set[str] = set()
    shelves: set[str] = set()
    for circle in (Circle.FAMILY, Circle.COLLEAGUES):
        ideas = sorted(
            (idea for one in fit if one.product not in taken and (idea := _idea(one, giver, circle, holiday))),
            key=lambda idea: (-idea.score, idea.product),
        )
        most = min(each, (len(ideas) + 1) // 2) if circle is Circle.FAMILY else each  # a small shop has to share
        chosen = _mixed(ideas, most, without=shelves)
        lists[circle] = chosen
        taken |= {idea.product for idea in chosen}
        shelves |= {idea.category for idea in chosen}
    return lists


def _mixed(ideas: Sequence[Idea], each: int, *, without: Collection[str]) -> list[Idea]:
    """One of a category, and none that the other list shows; more of them only where there is nothing else."""
    chosen: list[Idea] = []
    used: Counter[str] = Counter()
    for most, barred in ((1, without), (2, without), (each, ())):
        for idea in ideas:
            if len(chosen) == each:
                return chosen
            if idea not in chosen and idea.category not in barred and used[idea.category] < most:
                chosen.append(idea)
                used[idea.category] += 1
    return chosen


def general_worth(one: Present, circle: Circle, holiday: str) -> float:
    """How good it is as a present for anybody's circle at this holiday; 0 for what nobody gives them."""
    worth = one.kind.weight(circle) * math.sqrt(min(max(one.lift, 0.5), 4.0))
    if one.kind.season == holiday:
        worth *= 2.0
    if circle is Circle.COLLEAGUES:
        worth *= 1 + math.log1p(one.buyers) / 3
    return worth


def names_interest(one: Present, interest: str) -> bool:
    """Whether it is of what somebody is interested in."""
    return bool(interest) and interest.casefold() in f"{one.text} {one.category.casefold()} {one.kind.kind}"


def _idea(one: Present, giver: Giver, circle: Circle, holiday: str) -> Idea | None:
    worth = general_worth(one, circle, holiday)
    if worth <= 0:
        return None
    score = worth * _price_fits(one, giver, circle)
    reasons = [(0.1, Why.LIKED, str(one.buyers)) if one.buyers >= MANY else (0.0, Why.CLASSIC, "")]
    if one.kind.season == holiday:
        reasons.append((1.0, Why.SEASON, ""))
    if circle is Circle.FAMILY:
        personal, own = _personal(one, giver)
        score *= personal
        reasons += own
    elif one.kind.shared:
        reasons.append((0.5, Why.SHARED, str(one.buyers)))
    _strength, why, about = max(reasons)
    return Idea(one.product, one.category, why, about, score * _draw(giver.key, one.product))


def _personal(one: Present, giver: Giver) -> tuple[float, list[tuple[float, Why, str]]]:
    """How much more (or less) the giver makes of it, and why."""
    factor, reasons = 1.0, list[tuple[float, Why, str]]()
    if one.kind.children:
        if giver.children or giver.household == "family":
            factor *= 2.0
            reasons.append((3.0, Why.CHILDREN, str(giver.children or "")))
        elif giver.children == 0:
            factor *= 0.3
    for interest in giver.interests:
        if names_interest(one, interest):
            factor *= 2.5
            reasons.append((4.0, Why.INTEREST, interest))
    if before := next((old for old in giver.given if old.kind.kind == one.kind.kind), None):
        factor *= 1.4
        reasons.append((2.0, Why.GIVEN, before.product))
    if (times := giver.brands.get(one.brand, 0) if one.brand else 0) >= 3:
        factor *= 1.3
        reasons.append((1.5, Why.BRAND, one.brand))
    if times := giver.categories.get(one.category, 0):
        factor *= 1 + math.log1p(times) / 8
        reasons.append((1.2, Why.SHELF, one.category))
    return factor, reasons


def _price_fits(one: Present, giver: Giver, circle: Circle) -> float:
    usual = giver.usual_minor or one.price_minor / BOLDNESS[circle]
    far = math.log(max(one.price_minor, 1) / max(usual * BOLDNESS[circle], 1)) / _WIDTH
    return math.exp(-far * far / 2)


def _draw(*parts: str) -> float:
    """Between 0.9 and 1.1, always the same: two alike givers don't get the very same list."""
    return 0.9 + 0.2 * sha256(":".join(parts).encode()).digest()[0] / 255
