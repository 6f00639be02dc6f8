"""Letters to who wrote: the shop answered a review, or doesn't show it and why."""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy.orm import Session

from ecrm.installation import Installation
from ecrm.letters import absolute, post, shop_context, write
from mailer.addressing import BadHeader
from tracking.customers import Customer

from .reviews import Review, ReviewState

log = logging.getLogger("ecrm.voice")


def tell_author(session: Session, crm: Installation, review: Review, *, now: datetime) -> bool:
    """Write to the author of a review that was answered or hidden, once a version and deed; whether it was queued."""
    customer = session.get(Customer, review.customer_id or 0)
    if customer is None or not customer.email:
        return False
    hidden = review.state == ReviewState.HIDDEN
    moment = review.moderated_at if hidden else review.replied_at
    if moment is None:
        return False
    key = f"review-notice:{review.id}:{review.version}:{'hidden' if hidden else 'reply'}:{int(moment.timestamp())}"
    try:
        with shop_context(crm) as facts:
            cards = crm.storefront.products([review.product])
            letter = write(
                facts, template="review_notice",
                context={
                    "hidden": hidden, "reason": review.hidden_reason, "reply": review.reply,
                    "product": cards[0].name if cards else "", "first_name": customer.first_name,
                    "link": absolute(facts, cards[0].url) if cards else absolute(facts, "/"),
                },
                to_address=customer.email, to_name=f"{customer.first_name} {customer.last_name}",
            )  # fmt: skip
    except BadHeader:
        log.warning("nobody was told of review %s: the address of its author can't be written to", review.id)
        return False
    return post(session, letter, dedup_key=key, customer_id=customer.id, now=now) is not None
