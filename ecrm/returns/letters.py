"""What customers are written about a return: that it may come back (with the label), that it may not, that it came."""

from __future__ import annotations

import logging
from datetime import datetime

from flask import current_app, url_for
from sqlalchemy.orm import Session

from ecrm.installation import installation
from ecrm.letters import post, shop_context, visit_link, write
from ecrm.mail import contact_of
from mailer import dedup
from mailer.addressing import BadHeader
from tracking.customers import Customer
from tracking.delivery.returns import Return, lines_of
from tracking.orders import order_by_reference

from .links import return_token

log = logging.getLogger("ecrm.mail")


def return_address() -> tuple[str, ...]:
    """Where parcels go back to, line by line; nothing where the shop doesn't say."""
    config = current_app.config
    text: str = config["ECRM_RETURN_ADDRESS"] or config["ECRM_POSTAL_ADDRESS"]
    return tuple(line.strip() for line in text.replace("\n", ",").split(",") if line.strip())


def write_about(session: Session, found: Return, *, template: str, now: datetime) -> bool:
    """Queue `return_approved`, `return_refused` or `return_received`, each once; False where nobody can be written to.

    It goes where the order's e-mails go, whoever asked by its link.
    """
    customer = session.get(Customer, found.customer_id) if found.customer_id is not None else None
    if customer is None or not customer.email:
        return False
    order = order_by_reference(session, found.order_reference)
    to_address = (contact_of(session, order) if order is not None else "") or customer.email
    try:
        with shop_context(installation()) as facts:
            link = url_for("ecrm.return_page", token=return_token(found.order_reference))
            letter = write(
                facts,
                template=template,
                context={
                    "found": found,
                    "lines": lines_of(session, [found.id]).get(found.id, []),
                    "first_name": customer.first_name,
                    "address": return_address(),
                    "link": visit_link(facts, link, template=template),
                },
                to_address=to_address,
                to_name=f"{customer.first_name} {customer.last_name}",
            )
    except BadHeader:
        log.warning("nobody was written to about return %s: the address can't be written to", found.reference)
        return False
    key = dedup.about_return(template, found.reference)
    return (
        post(session, letter, dedup_key=key, customer_id=customer.id, order_reference=found.order_reference, now=now)
        is not None
    )
