"""Recommendations: what would be shown now beside a product, to a stranger and to a customer, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record_look
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.installation import Installation, installation
from ecrm.recommending.absent import absent_people
from ecrm.recommending.page import trained_at
from ecrm.recommending.words import for_staff
from ecrm.service.lookup import By, Found, Miss, Several, Unowned, look_up
from ecrm.storefront import ProductCard, products_for
from ecrm.wording import gettext as _
from recommender.asking import Asked, Person, Placement
from recommender.store import present_model
from tracking.customers import Customer

from .blueprint import console, kept_reason
from .queries import LARGEST, text_arg

SHOWN = 24
POPULAR_SHOWN = 12
BESIDE = (Placement.PRODUCT, Placement.SIMILAR, Placement.ALSO_BOUGHT)
OF_CUSTOMER = (Placement.HOME, Placement.NEW, Placement.AGAIN)


@dataclass(frozen=True)
class Line:
    """A place in a list; `rule` says that one of the shop's rules put it there."""

    card: ProductCard
    reason: str
    rule: int | None


@console.get("/recommendations")
@needs(Permission.RECOMMENDATIONS)
def recommendations() -> str:
    """What a stranger sees, and what stands beside any product."""
    product_id = text_arg("product", longest=64).lstrip("#")
    crm = installation()
    found = crm.storefront.products([product_id]) if product_id else []
    beside = {
        placement: shown(crm, Asked(placement=placement, product=product_id, n=SHOWN))
        for placement in (BESIDE if found else ())
    }
    everybody = [] if product_id else shown(crm, Asked(placement=Placement.HOME, n=POPULAR_SHOWN))
    return _page(product_id=product_id, product=found[0] if found else None, beside=beside, popular=everybody)


@console.post("/recommendations")
@needs(Permission.CUSTOMERS)
def find_recommended_to() -> Response | tuple[str, int]:
    """From an address or an order number to a customer's list; by POST, so that no link holds an address."""
    asked = text_arg("asked", longest=254)
    with installation().sessions() as session:
        found = look_up(session, asked)
        guessed = isinstance(found, Several) and found.by is not By.ADDRESS
        if not isinstance(found, Miss | Unowned) and not guessed:
            first = found.namesakes[0] if isinstance(found, Several) else found
            return redirect(url_for("console.recommended_to", customer_id=first.customer_id), 303)
    return _page(asked=asked, miss=_miss(found)), 404


def _miss(found: Found | Several | Unowned | Miss) -> Miss:
    if isinstance(found, Miss):
        return found
    return Miss.NO_SUCH_NUMBER if isinstance(found, Unowned) else Miss.NO_SUCH_NAME


@console.get(f"/recommendations/customers/<int(max={LARGEST}):customer_id>")
@needs(Permission.CUSTOMERS)
def recommended_to(customer_id: int) -> str:
    """What pages would show to a customer now, with the reasons; recorded as a look at a person."""
    crm = installation()
    with crm.sessions.begin() as session:
        customer = session.get(Customer, customer_id)
        if customer is None:
            raise NotFound(_("There is no such customer. They may have been erased."))
        record_look(
            session, signed_in_staff(), Action.RECOMMENDATIONS_READ,
            subject=f"customer:{customer_id}", reason=kept_reason(), now=datetime.now(UTC),
        )  # fmt: skip
        person, model = _person(crm, session, customer), present_model(session)
    lists = {one: shown(crm, Asked(placement=one, person=person, n=SHOWN)) for one in OF_CUSTOMER}
    return render_template(
        "ecrm/console/recommended_to.html", customer=customer, model=model, lists=lists, headings=_headings()
    )


def shown(crm: Installation, asked: Asked) -> list[Line]:
    """What the shop would show now, with its rules; nothing before the first training."""
    model = crm.models.present()
    if model is None:
        return []
    # numpy comes with it, which a shop without a model needn't load
    from recommender.serving.recommending import recommend

    def goods(product_ids: Sequence[str]) -> list[ProductCard]:
        return products_for(crm.storefront, product_ids, region=asked.person.region, adult=asked.adult)

    found = recommend(model, asked, goods, crm.rules.in_force(), arrivals=crm.newcomers.since(trained_at(model)))
    named = {one.product for one in found} | {one.reason.product for one in found if one.reason.product}
    cards = {card.product_id: card for card in goods(sorted(named))}
    names = {product: card.name for product, card in cards.items()}
    return [
        Line(cards[one.product], for_staff(one.reason, names), one.rule) for one in found if one.product in cards
    ]  # fmt: skip


def _page(
    *,
    product_id: str = "",
    product: ProductCard | None = None,
    beside: dict[Placement, list[Line]] | None = None,
    popular: Sequence[Line] = (),
    asked: str = "",
    miss: Miss | None = None,
) -> str:
    with installation().sessions() as session:
        model = present_model(session)
    return render_template(
        "ecrm/console/recommendations.html",
        model=model, product_id=product_id, product=product, beside=beside or {}, popular=popular, asked=asked,
        miss=miss, headings=_headings(),
    )  # fmt: skip


def _person(crm: Installation, session: Session, customer: Customer) -> Person:
    model = crm.models.present()
    return next(absent_people(session, [customer.id], since=trained_at(model) if model else None))


def _headings() -> dict[str, str]:
    return {
        Placement.PRODUCT: _("Often bought together"), Placement.SIMILAR: _("Similar products"),
        Placement.ALSO_BOUGHT: _("Customers who viewed this bought"), Placement.HOME: _("For them"),
        Placement.NEW: _("New for them"), Placement.AGAIN: _("What they may buy again"),
    }  # fmt: skip
