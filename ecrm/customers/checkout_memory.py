"""Checkout memory: what a buyer answered in the last checkout, and who may see it again.

Anybody can type anybody's address into a guest's checkout or into a registration. So an account gets back only what
it entered itself, never what a guest entered under the same address; and a guest gets it back only after the browser
proved that it reads the mailbox (see `recall`). A guest's order doesn't change what an account entered.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import has_request_context
from sqlalchemy import ForeignKey, String, delete, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from ecrm.events import OrderCompleted, Told
from ecrm.installation import installation
from ecrm.ledger import NotYet
from tracking.clickstream.event import Event
from tracking.customers import Customer, customer_by_email, customer_by_reference
from tracking.email_address import fold
from tracking.record import BigId, Record, insert_once

from .mailbox_proof import proved_email


class CheckoutMemory(Record):
    """One row a customer. `account` is the shop's account that entered it; empty where it was a guest."""

    __tablename__ = "ecrm_checkout_memory"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("ecrm_customer.id"), unique=True)
    account: Mapped[str | None] = mapped_column(String(64))
    address: Mapped[dict[str, Any]]
    delivery_method: Mapped[str] = mapped_column(String(40), default="")
    payment_method: Mapped[str] = mapped_column(String(40), default="")
    order_reference: Mapped[str] = mapped_column(String(64))
    updated_at: Mapped[datetime]


def remember_checkout(session: Session, row: Event, told: Told) -> None:
    """The reaction to an order: keep its answers for the next one."""
    assert isinstance(told, OrderCompleted)  # noqa: S101 (the table in reactions.py says so; mypy can't know)
    if row.customer_id is None:
        raise NotYet(f"the customer of order {told.order_id} isn't known yet")
    remember(session, row.customer_id, told)


def remember(session: Session, customer_id: int, told: OrderCompleted) -> bool:
    """Keep an order's answers, unless a later order's, or an account's own, are known; says whether it did."""
    if told.address is None:
        return False
    account = told.person.customer_id
    answers: dict[str, Any] = {
        "account": account,
        "address": {name: getattr(told.address, name) for name in _ADDRESS},
        "delivery_method": told.delivery_method[:40],
        "payment_method": told.payment_method[:40],
        "order_reference": told.order_id,
        "updated_at": told.at,
    }
    if insert_once(session, CheckoutMemory, answers | {"customer_id": customer_id}) is not None:
        return True
    older = CheckoutMemory.updated_at < told.at
    # An account's first order replaces what a guest left, whenever that was.
    replaceable = older & CheckoutMemory.account.is_(None) if account is None else or_(
        older, CheckoutMemory.account.is_(None)
    )  # fmt: skip
    replaced: Any = session.execute(
        update(CheckoutMemory).where(CheckoutMemory.customer_id == customer_id, replaceable).values(**answers)
    )
    return bool(replaced.rowcount)


def remembered_for_request() -> dict[str, str] | None:
    """What may be filled into the present visitor's checkout: see this module's rule.

    Returns:
        email, name, line1, line2, city, postcode, region, country, phone, delivery_method, payment_method; or None.
    """
    if not has_request_context():
        return None
    crm = installation()
    who, proved = crm.storefront.current_customer(), proved_email()
    if who is None and proved is None:
        return None
    with crm.sessions() as session:
        if who is not None:
            own = memory_of_account(session, who.customer_id)
            if own is not None:
                return _answers(own, email=who.email)
            if proved != fold(who.email):
                return None
        found = memory_of_mailbox(session, proved or "")
        return _answers(found[1], email=who.email if who else found[0].email) if found else None


def memory_of_account(session: Session, account: str) -> CheckoutMemory | None:
    """What this account of the shop entered itself."""
    customer = customer_by_reference(session, account)
    if customer is None:
        return None
    return session.scalar(
        select(CheckoutMemory).where(CheckoutMemory.customer_id == customer.id, CheckoutMemory.account == account)
    )


def memory_of_mailbox(session: Session, email: str) -> tuple[Customer, CheckoutMemory] | None:
    """What the owner of this mailbox may have back. An address that a customer gave up opens nothing any more."""
    customer = customer_by_email(session, email)
    if customer is None or fold(customer.email) != fold(email):
        return None
    memory = session.scalar(select(CheckoutMemory).where(CheckoutMemory.customer_id == customer.id))
    return (customer, memory) if memory is not None else None


_ADDRESS = ("name", "line1", "line2", "city", "postcode", "region", "country", "phone")


def _answers(memory: CheckoutMemory, *, email: str) -> dict[str, str]:
    answers = {name: str(memory.address.get(name, "")) for name in _ADDRESS}
    return answers | {
        "email": email,
        "delivery_method": memory.delivery_method,
        "payment_method": memory.payment_method,
    }


def forget(session: Session, customer_id: int) -> int:
    """For an erasure: the address and the choices of the last checkout go; says how many rows."""
    gone: Any = session.execute(delete(CheckoutMemory).where(CheckoutMemory.customer_id == customer_id))
    return int(gone.rowcount)
