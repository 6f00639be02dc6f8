"""Phones: whose number this is, and the link that dials one."""

from __future__ import annotations

from collections.abc import Sequence

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from ecrm.storefront import ShopFacts
from tracking.customers import Customer
from tracking.phone_number import fold_phone, forms

MOST = 20


def customers_by_phone(session: Session, number: str, *, country: str) -> Sequence[Customer]:
    """Everybody who is known under this number, however they wrote it; whoever came last first, `MOST` at most.

    Args:
        country: the shop's own, by which numbers without a country code are read.
    """
    asked = forms(number, country)
    if not asked:
        return ()
    query = select(Customer).where(Customer.phone_folded.in_(sorted(asked)))
    return session.scalars(query.order_by(Customer.id.desc()).limit(MOST)).all()


def call_link(number: str, *, country: str, facts: ShopFacts) -> str:
    """What a click on a number opens (`ECRM_CALL_LINK`): `tel:+49…` (RFC 3966), or the telephone system's own address.

    Empty where the number can't be dialled, or the setting says that nothing is to be linked.
    """
    folded = fold_phone(number, country or facts.country)
    pattern = str(current_app.config["ECRM_CALL_LINK"])
    if not folded or not pattern:
        return ""
    return f"tel:{folded}" if pattern == "tel" else pattern.replace("{number}", folded)
