"""What the shop asks of the CRM through its hooks: what a visitor filled in before, and to send a letter."""

from __future__ import annotations

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
