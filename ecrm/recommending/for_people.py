"""Recommendations for people who aren't here: several products each, for e-mails and for the desk that serves them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ecrm.installation import Installation
from ecrm.storefront import ProductCard
from ecrm.wording import today
from recommender.asking import Asked, Placement, Recommendation

from .absent import absent_people
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
    """Up to `n` products for each customer, in the order asked; a product is asked of the shop once in all.

    Call it in `letters.shop_context`, where links are those of a visitor without an account. Nothing age-limited is
    ever chosen: nobody knows who reads an e-mail. A customer whom the CRM doesn't know gets none.

    Args:
        exclude: products that the e-mail shows already.
    """
    return _picks(crm, session, customer_ids, placement=Placement.EMAIL, n=n, exclude=exclude, staff=False)


def for_desk(crm: Installation, session: Session, customer_id: int, *, n: int = 5) -> list[Pick]:
    """What an agent may offer this customer: nothing that they have bought before, with the figures behind it."""
    found = _picks(crm, session, [customer_id], placement=Placement.SUPPORT, n=n, exclude=(), staff=True)
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
    from recommender.serving.recommending import recommend_many

    since, hidden = trained_at(model), frozenset(exclude)
    seen: dict[str, ProductCard] = {}

    def goods(product_ids: Sequence[str]) -> list[ProductCard]:
        cards = crm.storefront.products(product_ids)
        seen.update((card.product_id, card) for card in cards)
        return cards

    known = list(customer_ids)
    questions = (
        Asked(placement=placement, person=person, n=n, exclude=hidden)
        for person in absent_people(session, known, since=since)
    )
    answers = recommend_many(model, questions, goods, crm.rules.in_force(), arrivals=crm.newcomers.since(since))
    for customer_id, found in zip(known, answers, strict=True):
        names = _names(found, seen, goods)
        yield (
            customer_id,
            [
                Pick(
                    product=seen[one.product],
                    reason=for_staff(one.reason, names)
                    if staff
                    else for_shopper(one.reason, names, placement=placement, today=today()),
                )
                for one in found
            ],
        )


def _names(
    found: Sequence[Recommendation],
    seen: dict[str, ProductCard],
    goods: Callable[[Sequence[str]], Sequence[ProductCard]],
) -> dict[str, str]:
    """Of the products that reasons point at; those that the shop doesn't list any more have none."""
    wanted = {one.reason.product for one in found if one.reason.product}
    if unknown := sorted(wanted - seen.keys()):
        goods(unknown)
    return {product: seen[product].name for product in wanted if product in seen}
