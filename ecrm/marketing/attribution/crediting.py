"""Reactions: an order is credited when it is remembered, a refund takes its part back, and who is known in one more
browser gets the orders of the last weeks credited anew."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from ecrm.events import Identified, OrderCompleted, OrderRefunded, SignedIn, SignedUp, Told
from ecrm.ledger import NotYet
from ecrm.marketing.recommended import crediting as recommended
from ecrm.remembered import remembered_order
from tracking.clickstream.event import Event
from tracking.identity import claimants
from tracking.orders import SeenRefund
from tracking.visitors import VisitorClaim

from .booking import book_order, book_refund, rebook_customer
from .rules import rules_of


def attribute_order(session: Session, row: Event, told: Told) -> None:
    """Credit the order to what brought it, in the transaction that says it is done."""
    assert isinstance(told, OrderCompleted)  # noqa: S101 (the table in reactions.py says so; mypy can't know)
    order = remembered_order(session, told.order_id)
    book_order(session, order.id)
    _credit_claimants_anew(session, row)


def attribute_customer(session: Session, row: Event, told: Told) -> None:
    """Put right what was credited before the browser was known as this customer's, e.g. an order from their telephone
    after visits here. Does nothing where they were known in it."""
    assert isinstance(told, SignedUp | SignedIn | Identified)  # noqa: S101 (as above)
    _credit_claimants_anew(session, row)


def _credit_claimants_anew(session: Session, row: Event) -> None:
    """Only where this event made the claim: its moment is the event's.

    The browser may have been another customer's alone until now; then it is theirs no more. Had it two already, it was
    nobody's before and is nobody's now.
    """
    if row.visitor_id is None or row.customer_id is None:
        return
    mine = select(VisitorClaim.claimed_at).where(
        VisitorClaim.visitor_id == row.visitor_id, VisitorClaim.customer_id == row.customer_id
    )
    if session.scalar(mine) != row.happened_at:
        return
    rules = rules_of()
    since = row.happened_at - max(rules.window, rules.identity_window)
    others = [one for one in claimants(session, row.visitor_id) if one != row.customer_id]
    for customer_id in (row.customer_id, *(others if len(others) == 1 else ())):
        rebook_customer(session, customer_id, rules=rules, since=since)
        recommended.rebook_customer(session, customer_id, since=since)


def attribute_refund(session: Session, row: Event, told: Told) -> None:
    """Take the refund back from where its order was credited."""
    assert isinstance(told, OrderRefunded)  # noqa: S101 (the table in reactions.py says so; mypy can't know)
    refund_id = session.scalar(select(SeenRefund.id).where(SeenRefund.reference == told.refund_id))
    if refund_id is None:
        raise NotYet(f"refund {told.refund_id} isn't remembered yet")
    book_refund(session, refund_id)
