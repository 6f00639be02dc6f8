"""Recommendations: what the model knows, and what it would show on a product's page or to a customer, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import redirect, render_template, url_for
from sqlalchemy import select
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record_look
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.installation import installation
from ecrm.service.lookup import Miss, Several, look_up
from ecrm.storefront import ProductCard
from ecrm.wording import gettext as _
from ecrm.wording import ngettext
from recommender.placements import Recommendation, present_model, recommend, stored
from recommender.reasons import Code
from recommender.store import Model
from tracking.customers import Customer

from .blueprint import console, kept_reason
from .queries import LARGEST, text_arg

SHOWN = 24
POPULAR_SHOWN = 12
MODELS_SHOWN = 5


@dataclass(frozen=True)
class Line:
    """A place in a list. `card` is None where the shop doesn't list the product any more."""

    product_id: str
    card: ProductCard | None
    reason: str


@console.get("/recommendations")
@needs(Permission.RECOMMENDATIONS)
def recommendations() -> str:
    """The present model, what is popular, and the list of any product."""
    product_id = text_arg("product", longest=64).lstrip("#")
    crm = installation()
    with crm.sessions() as session:
        model = present_model(session)
        models = session.scalars(select(Model).order_by(Model.trained_at.desc()).limit(MODELS_SHOWN)).all()
        together = stored(session, "product", product_id)[:SHOWN] if product_id else []
        popular = stored(session, "popular", "")[:POPULAR_SHOWN]
    found = crm.storefront.products([product_id]) if product_id else []
    return render_template(
        "ecrm/console/recommendations.html",
        model=model, models=models, product_id=product_id, product=found[0] if found else None,
        together=_lines(together), popular=_lines(popular), asked="", miss=None,
    )  # fmt: skip


@console.post("/recommendations")
@needs(Permission.CUSTOMERS)
def find_recommended_to() -> Response | tuple[str, int]:
    """From an address or an order number to a customer's list; by POST, so that no link holds an address."""
    asked = text_arg("asked", longest=254)
    with installation().sessions() as session:
        found = look_up(session, asked)
        if not isinstance(found, Miss):
            first = found.namesakes[0] if isinstance(found, Several) else found
            return redirect(url_for("console.recommended_to", customer_id=first.customer_id), 303)
        model = present_model(session)
    page = render_template(
        "ecrm/console/recommendations.html",
        model=model, models=[], product_id="", product=None, together=[], popular=[], asked=asked, miss=found,
    )  # fmt: skip
    return page, 404


@console.get(f"/recommendations/customers/<int(max={LARGEST}):customer_id>")
@needs(Permission.CUSTOMERS)
def recommended_to(customer_id: int) -> str:
    """What the home page would show to a customer now, with the reasons; recorded as a look at a person."""
    with installation().sessions.begin() as session:
        customer = session.get(Customer, customer_id)
        if customer is None:
            raise NotFound(_("There is no such customer. They may have been erased."))
        record_look(
            session, signed_in_staff(), Action.RECOMMENDATIONS_READ,
            subject=f"customer:{customer_id}", reason=kept_reason(), now=datetime.now(UTC),
        )  # fmt: skip
        found = recommend(session, "home", customer_id=customer_id, n=SHOWN)
        model = present_model(session)
    return render_template("ecrm/console/recommended_to.html", customer=customer, model=model, lines=_lines(found))


def _lines(found: Sequence[Recommendation]) -> list[Line]:
    named = {*(one.product for one in found), *(one.because for one in found if one.because)}
    cards = {card.product_id: card for card in installation().storefront.products(sorted(named))}
    return [Line(one.product, cards.get(one.product), _reason(one, cards)) for one in found]


def _reason(found: Recommendation, cards: dict[str, ProductCard]) -> str:
    """The reason for staff, with the figure behind it."""
    name = cards[found.because].name if found.because in cards else (found.because or "?")
    count = found.count or 0
    match found.reason:
        case Code.OFTEN | Code.AGAIN:
            return ngettext("Bought on one day before", "Bought on %(num)s days before", count)
        case Code.BECAUSE:
            return _("Bought together with %(name)s, which this customer bought", name=name)
        case Code.VIEWED:
            return _("Bought together with %(name)s, which this visitor looked at", name=name)
        case Code.TOGETHER:
            return ngettext("Together in one order", "Together in %(num)s orders", count)
        case Code.SIMILAR:
            return _("Bought by customers with similar purchases")
        case _:
            return _("Popular at present")
