"""Shelf: what the shop sells to a country at the moment of writing, as e-mails show it. Asked once a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from ecrm.installation import Installation
from ecrm.letters import mail_picture
from ecrm.storefront import ProductCard, ShopFacts, products_for
from ecrm.wording import money
from mailer.goods import Good

PageLink = Callable[[str, str], str]


class Shelf:
    """One country's goods, for readers whose age nobody knows: what is age-limited isn't there.

    `asked_for`: what the reader themselves asked to be told of, so that is there, too; the shop asks for their age.
    """

    def __init__(self, crm: Installation, facts: ShopFacts, region: str, *, asked_for: bool = False) -> None:
        self._crm, self._facts, self._region, self._asked_for = crm, facts, region, asked_for
        self._asked: set[str] = set()
        self._cards: dict[str, ProductCard] = {}
        self._goods: dict[str, Good] = {}
        self._linked: dict[tuple[PageLink, str, str], Good] = {}

    def know(self, product_ids: Iterable[str]) -> None:
        """Ask the shop for those that weren't asked for yet, in one question."""
        if unknown := [one for one in dict.fromkeys(product_ids) if one not in self._asked]:
            self._asked.update(unknown)
            cards = products_for(self._crm.storefront, unknown, region=self._region, adult=self._asked_for)
            self._cards.update((card.product_id, card) for card in cards)

    def learn(self, cards: Iterable[ProductCard]) -> None:
        """The shop has just said so, in another question of this batch for the same country."""
        for card in cards:
            if card.product_id not in self._asked:
                self._asked.add(card.product_id)
                self._cards[card.product_id] = card

    def card(self, product_id: str) -> ProductCard | None:
        """The shop's card; None for a product that isn't listed any more."""
        self.know([product_id])
        return self._cards.get(product_id)

    def lacks(self, product_id: str) -> str:
        """Why this product can't be offered, in a word or two; empty where it can."""
        card = self.card(product_id)
        if card is None:
            return "not sold any more"
        if card.age_limited and not self._asked_for:
            return "age-limited"
        return "" if card.available else "not available"

    def good(self, product_id: str, *, page: PageLink, place: str = "", reason: str = "") -> Good:
        """The product in an e-mail's words, at the price of this moment.

        Args:
            page: makes links; `place` says where in the e-mail they stand.
        """
        linked = self._linked.get((page, place, product_id))
        if linked is None:
            card = self._cards[product_id]
            known = self._goods.get(product_id)
            if known is None:
                known = self._goods[product_id] = _good(card, self._facts)
            linked = self._linked[page, place, product_id] = known._replace(url=page(card.url, place))
        return linked._replace(reason=reason) if reason else linked


class Shelves:
    """The shelves of a batch by country."""

    def __init__(self, crm: Installation, facts: ShopFacts) -> None:
        self._crm, self._facts = crm, facts
        self._known: dict[tuple[str, bool], Shelf] = {}

    def of(self, region: str, *, asked_for: bool = False) -> Shelf:
        """The shelf of a country; an unknown one is taken for the shop's own."""
        region = region or self._facts.country
        if (region, asked_for) not in self._known:
            self._known[region, asked_for] = Shelf(self._crm, self._facts, region, asked_for=asked_for)
        return self._known[region, asked_for]


def prices(shelf: Shelf, product_ids: Sequence[str]) -> Mapping[str, int]:
    """What these cost now, in minor units, to be kept with what was said."""
    return {one: card.price_minor for one in product_ids if (card := shelf.card(one)) is not None}


def _good(card: ProductCard, facts: ShopFacts) -> Good:
    reduced = card.was_minor is not None and card.was_minor > card.price_minor
    return Good(
        product_id=card.product_id, name=card.name, url="", price=money(card.price_minor, card.currency),
        was=money(card.was_minor, card.currency) if reduced and card.was_minor else "",
        detail=card.detail, picture=mail_picture(facts, card), group=card.category or card.brand or card.name,
    )  # fmt: skip
