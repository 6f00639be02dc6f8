"""Page: what the slots of one page share, so that no product stands on it twice and nothing is read twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from flask import request

from ecrm.installation import Installation, installation
from ecrm.storefront import ProductCard, is_adult

from .person import Present, present_person

if TYPE_CHECKING:
    from recommender.artefact import Artefact

_KEY = "ecrm.recommending"


class Page:
    """Of one request; everything is asked for at its first use and once."""

    def __init__(self, crm: Installation) -> None:
        self.crm = crm
        self.shown: set[str] = set()
        self.headings: list[str] = []
        self._cards: dict[str, ProductCard | None] = {}
        self._expected: set[str] = set()

    @cached_property
    def model(self) -> Artefact | None:
        """The same for all slots, also where another one is published meanwhile."""
        return self.crm.models.present()

    @cached_property
    def trained_at(self) -> datetime | None:
        """When it was learnt; None where there is no model."""
        return None if self.model is None else trained_at(self.model)

    @cached_property
    def present(self) -> Present:
        """Who asks."""
        return present_person(self.crm, since=self.trained_at)

    @cached_property
    def cart(self) -> frozenset[str]:
        """What lies in the visitor's cart."""
        return self.crm.storefront.cart_product_ids()

    @cached_property
    def adult(self) -> bool:
        """Whether the visitor confirmed an age."""
        return is_adult(self.crm.storefront)

    def expect(self, product_ids: Iterable[str]) -> None:
        """These will be asked for: they come along with the next question, which is cheaper than one of their own."""
        self._expected.update(one for one in product_ids if one not in self._cards)

    def goods(self, product_ids: Sequence[str]) -> list[ProductCard]:
        """The shop's cards of these, each asked for once a page."""
        unknown = [one for one in dict.fromkeys(product_ids) if one not in self._cards]
        if unknown:
            unknown += self._expected.difference(unknown)
            self._expected.clear()
            self._cards.update(dict.fromkeys(unknown))
            self._cards.update((card.product_id, card) for card in self.crm.storefront.products(unknown))
        return [card for one in product_ids if (card := self._cards[one]) is not None]

    def names(self, product_ids: Iterable[str]) -> dict[str, str]:
        """The names of those that the shop still lists."""
        return {card.product_id: card.name for card in self.goods(list(product_ids))}


def trained_at(model: Artefact) -> datetime:
    """The moment up to which it knows what was done."""
    return datetime.fromisoformat(model.about["trained_at"])


def present_page() -> Page:
    """That of the present request."""
    # of the WSGI environment: `g` outlives a request where an app context was opened around it
    found: Page | None = request.environ.get(_KEY)
    if found is None:
        found = request.environ[_KEY] = Page(installation())
    return found
