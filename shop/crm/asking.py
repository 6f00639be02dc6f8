"""What the shop asks of the CRM through its hooks: what a visitor filled in before, to send a letter,
and in which order this visitor sees a list."""

from __future__ import annotations

from collections.abc import Sequence

from ..database import db
from ..hooks import CheckoutDefaults, Letter
from .plugin import crm


def remembered() -> CheckoutDefaults | None:
    memory = crm.remembered_checkout()
    return None if memory is None else CheckoutDefaults(**memory)


def send_letter(letter: Letter) -> bool:
    return crm.send_letter(
        template=letter.template,
        to=letter.to_address,
        to_name=letter.to_name,
        dedup=letter.causes,
        context=letter.context,
        session=db.session(),
    )


def knows_visitor(place: str) -> bool:
    return crm.knows_visitor(place)


def in_their_order(place: str, product_ids: Sequence[int], category: str) -> list[int]:
    return [int(one) for one in crm.ordered(place, [str(one) for one in product_ids], category=category)]


def carrier_of(tracking_number: str) -> Sequence[str]:
    """The CRM's codes are the shop's."""
    return crm.carriers_of(tracking_number)
