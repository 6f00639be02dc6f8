"""Recommendations for people who aren't here: several products each, for e-mails and for the desk that serves them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy.orm import Session

from ecrm.installation import Installation
from ecrm.storefront import ProductCard, products_for
from ecrm.wording import today
from recommender.asking import Asked, Placement, Recommendation
from recommender.reasons import Reason

from .absent import AT_ONCE, absent_people
from .page import trained_at
from .words import for_shopper, for_staff


@dataclass(frozen=True, kw_only=True)
class Pick:
    """A product for somebody: the shop's card, and the reason as it is said to them (or to staff, with its figures)."""

    product: ProductCard
    reason: str


def for_email(
    crm: Installation, session: Session, customer_ids: Iterable[int], *, n: int = 3, exclude: Sequence[str] = ()
) -> Iterator[tuple[int, list[Pick]]]:
    """Up to `n` products for each customer, in the order asked; a product is asked of the shop once a country.

    Call it in `letters.shop_context`, where links are those of a visitor without an account. Nothing age-limited is
    ever chosen: nobody knows who reads an e-mail. A customer whom the CRM doesn't know gets none.

    Args:
        exclude: products that the e-mail shows already.
    """
    return _picks(crm, session, customer_ids, placement=Placement.EMAIL, n=n, exclude=exclude, staff=False)


def for_desk(
    crm: Installation, session: Session, customer_id: int, *, n: int = 5, exclude: Sequence[str] = ()
) -> list[Pick]:
    """What an agent may offer this customer: nothing that they have bought before, with the figures behind it.

    Args:
        exclude: products that they are known to have, wherever they bought them.
    """
    found = _picks(crm, session, [customer_id], placement=Placement.SUPPORT, n=n, exclude=exclude, staff=True)
    return next((picks for _customer, picks in found), [])


def _picks(
    crm: Installation,
    session: Session,
    customer_ids: Iterable[int],
    *,
    placement: Placement,
    n: int,
    exclude: Sequence[str],
    staff: bool,
) -> Iterator[tuple[int, list[Pick]]]:
    model = crm.models.present()
    if model is None:
        return
    # numpy costs a tenth of a second: loaded where something was learnt, not where a shop opens
    from recommender.serving.recommending import recommend_together

    since, hidden = trained_at(model), frozenset(exclude)
    rules, arrivals = crm.rules.in_force(), crm.newcomers.since(since)
    shelves: dict[str, _Shelf] = {}
    known = list(customer_ids)
    people = zip(known, absent_people(session, known, since=since), strict=True)
    while some := list(islice(people, AT_ONCE)):
        asked = [
            (
                Asked(placement=placement, person=person, n=n, exclude=hidden),
                shelves.setdefault(person.region, _Shelf(crm, person.region)).goods,
            )
            for _customer, person in some
        ]
        answers = recommend_together(model, asked, rules, arrivals=arrivals)
        named: dict[str, set[str]] = {}
        for (_customer, person), found in zip(some, answers, strict=True):
            named.setdefault(person.region, set()).update(one.reason.product for one in found if one.reason.product)
        for region, products in named.items():
            shelves[region].goods(sorted(products))
        for (customer_id, person), found in zip(some, answers, strict=True):
            yield customer_id, _said(found, shelves[person.region], placement=placement, staff=staff)


def _said(found: Sequence[Recommendation], shelf: _Shelf, *, placement: Placement, staff: bool) -> list[Pick]:
    names = _names(found, shelf)
    for one in found:
        if one.reason not in shelf.words:
            shelf.words[one.reason] = (
                for_staff(one.reason, names)
                if staff
                else for_shopper(one.reason, names, placement=placement, today=today())
            )
    return [Pick(product=shelf.seen[one.product], reason=shelf.words[one.reason]) for one in found]


class _Shelf:
    """What the shop sells to a country, to somebody whose age nobody knows; each product is asked for once.

    `words`: reasons as they were said; many people have the same.
    """

    def __init__(self, crm: Installation, region: str) -> None:
        self._crm, self._region = crm, region
        self._asked: set[str] = set()
        self.seen: dict[str, ProductCard] = {}
        self.words: dict[Reason, str] = {}

    def goods(self, product_ids: Sequence[str]) -> list[ProductCard]:
        if unknown := [one for one in dict.fromkeys(product_ids) if one not in self._asked]:
            self._asked.update(unknown)
            cards = products_for(self._crm.storefront, unknown, region=self._region, adult=False)
            self.seen.update((card.product_id, card) for card in cards)
        return [self.seen[one] for one in product_ids if one in self.seen]


def _names(found: Sequence[Recommendation], shelf: _Shelf) -> dict[str, str]:
    """Of the products that reasons point at; those that the shop doesn't list any more have none."""
    wanted = {one.reason.product for one in found if one.reason.product}
    return {card.product_id: card.name for card in shelf.goods(sorted(wanted))}
