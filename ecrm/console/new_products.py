"""Who should hear of this product? For what was just listed: the customers most likely to want it, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import render_template
from sqlalchemy import select

from ecrm.access.audit import Action, record_look
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.installation import installation
from ecrm.storefront import arrivals_of
from ecrm.wording import gettext as _
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
    model = crm.models.present()
    heard = model.should_hear(product_id) if model and found else None
    return render_template(
        "ecrm/console/new_products.html",
        newest=cards, product_id=product_id, product=found[0] if found else None, model=model,
        listeners=None if heard is None else _listeners(product_id, heard[:SHOWN]),
    )  # fmt: skip


def _listeners(product_id: str, heard: list[tuple[int, str]]) -> list[Listener]:
    crm = installation()
    with crm.sessions.begin() as session:
        record_look(
            session, signed_in_staff(), Action.RECOMMENDATIONS_READ,
            subject=f"product:{product_id}", reason=kept_reason(), now=datetime.now(UTC),
        )  # fmt: skip
        rows = session.scalars(select(Customer).where(Customer.id.in_([customer for customer, _like in heard])))
        known = {row.id: row for row in rows}
    cards = crm.storefront.products(sorted({like for _customer, like in heard} - {""}))
    names = {card.product_id: card.name for card in cards}
    return [Listener(known[who], _why(names.get(like, ""))) for who, like in heard if who in known]


def _why(like: str) -> str:
    return _("Bought %(name)s, which is like it", name=like) if like else _("Buys often, or early what is new")
