"""Finding the contact of an address or of a customer, and making it where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, select, update
from sqlalchemy.orm import Session

from tracking.customers import Customer, CustomerEmail, customer_by_email
from tracking.email_address import fold
from tracking.record import insert_once

from .address_hash import AddressHash
from .contacts import Contact
from .suppression import adopt_hashes


def contact_of(session: Session, address: str, *, now: datetime, hashed: AddressHash) -> Contact:
    """The contact of this address; a new one may not be written to more than the suppression list allows.

    Its owner is whoever owns the address by now (`tracking.customers.CustomerEmail`); nobody is subscribed by it.
    """
    folded = fold(address)
    found = contact_by_address(session, address)
    if found is None:
        owner = customer_by_email(session, address)
        values: dict[str, Any] = {
            "folded": folded, "address": address.strip(), "customer_id": owner.id if owner else None,
            "created_at": now, "tracking_allowed": False, "blocked": 0,
        }  # fmt: skip
        contact_id = insert_once(session, Contact, values)
        if contact_id is not None:
            adopt_hashes(session, contact_id, hashed.all_of(folded))
        found = contact_by_address(session, address)
    if found is None:
        raise RuntimeError("a mailbox is taken by a contact that can't be seen yet")  # tried again by the caller
    return found


def contact_by_address(session: Session, address: str) -> Contact | None:
    """The contact of this address, whatever its case."""
    return session.scalar(
        select(Contact).where(Contact.folded == fold(address)).execution_options(populate_existing=True)
    )


_WHOSE: ColumnElement[int] = bindparam("customer")
_NAMED = select(Customer.email_folded).where(Customer.id == _WHOSE).scalar_subquery()
_OF_CUSTOMER = (
    select(Contact)
    .where(Contact.customer_id == _WHOSE, Contact.folded.is_not(None))
    .order_by((Contact.folded == _NAMED).desc(), Contact.id)
)


def contacts_of_customer(session: Session, customer_id: int) -> Sequence[Contact]:
    """Every mailbox that a customer owns; first the one that they name, to which one would write."""
    return session.scalars(_OF_CUSTOMER, {"customer": customer_id}).all()


def link_owner(session: Session, address: str) -> None:
    """Write down who owns this mailbox now; it may have been proved since the contact was made."""
    folded = fold(address)
    owner = select(CustomerEmail.customer_id).where(CustomerEmail.folded == folded).scalar_subquery()
    changed = Contact.customer_id.is_distinct_from(owner)
    if session.scalar(select(Contact.id).where(Contact.folded == folded, owner.is_not(None), changed)) is not None:
        session.execute(
            update(Contact)
            .where(Contact.folded == folded, owner.is_not(None), changed)
            .values(customer_id=owner)
            .execution_options(synchronize_session=False)
        )
