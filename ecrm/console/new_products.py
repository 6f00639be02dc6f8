"""Who should hear of this product? For what was just listed: the customers most likely to want it, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import render_template
from sqlalchemy import select

from ecrm.access.audit import Action, record_look
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.installation import installation
from ecrm.storefront import ProductCard, arrivals_of
from ecrm.wording import gettext as _
from ecrm.wording import ngettext
from tracking.customers import Customer

from .blueprint import console, kept_reason
from .queries import text_arg

SHOWN = 50
NEWEST = 24
NEW_FOR = timedelta(days=60)


@dataclass(frozen=True)
class Listener:
    """Somebody who should hear of it, and what speaks for them."""

    customer: Customer
    why: str


@console.get("/recommendations/new-products")
@needs(Permission.CUSTOMERS)
def new_products() -> str:
    """The newest products; of a chosen one, who should hear of it. Names are shown, so the look is recorded."""
    crm, product_id = installation(), text_arg("product", longest=64).lstrip("#")
    arrived = arrivals_of(crm.storefront, datetime.now(UTC) - NEW_FOR)[:NEWEST]
    cards = crm.storefront.products([one.product_id for one in arrived])
    found = crm.storefront.products([product_id]) if product_id else []
    return render_template(
        "ecrm/console/new_products.html",
        newest=cards, product_id=product_id, product=found[0] if found else None,
        listeners=_listeners(found[0]) if found else [], model=crm.models.present(),
    )  # fmt: skip


def _listeners(product: ProductCard) -> list[Listener]:
    crm = installation()
    model = crm.models.present()
    if model is None:
        return []
    # numpy costs a tenth of a second: loaded where something was learnt, not where a shop opens
    from recommender.serving.audience import audience

    heard = audience(
        model, product=product.product_id, brand=product.brand, category=product.category, n=SHOWN
    )  # fmt: skip
    with crm.sessions.begin() as session:
        record_look(
            session, signed_in_staff(), Action.RECOMMENDATIONS_READ,
            subject=f"product:{product.product_id}", reason=kept_reason(), now=datetime.now(UTC),
        )  # fmt: skip
        rows = session.scalars(select(Customer).where(Customer.id.in_([one.customer for one in heard])))
        known = {row.id: row for row in rows}
    return [
        Listener(known[one.customer], _why(one.near_days, one.early)) for one in heard if one.customer in known
    ]  # fmt: skip


def _why(near_days: int, early: int) -> str:
    near = ngettext("Bought similar things on one day", "Bought similar things on %(num)s days", near_days)
    new = ngettext("one new product in its first weeks", "%(num)s new products in their first weeks", early)
    if near_days and early:
        return _("%(near)s; %(new)s", near=near, new=new)
    if near_days:
        return near
    return new if early else _("Buys often")
