"""An account's addresses. Every question names the account, so that nobody reaches another's by its number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from .account import Account, Address

MOST = 20


class TooManyAddresses(ValueError):
    """The address book is full."""


def addresses_of(session: Session, account: Account) -> list[Address]:
    """All of them, the default one first."""
    query = select(Address).where(Address.account_id == account.id)
    return list(session.scalars(query.order_by(Address.is_default.desc(), Address.id)))


def default_country(session: Session, account: Account) -> str:
    """Where this account's parcels go by default, in two letters; empty without an address."""
    query = select(Address.country).where(Address.account_id == account.id)
    return session.scalar(query.order_by(Address.is_default.desc(), Address.id).limit(1)) or ""


def address_of(session: Session, account: Account, address_id: int) -> Address | None:
    """One of this account's; None for any other."""
    return session.scalars(
        select(Address).where(Address.id == address_id, Address.account_id == account.id)
    ).one_or_none()


def add(session: Session, account: Account, values: Mapping[str, Any]) -> Address:
    """A new address, flushed; the first one is the default.

    Raises:
        TooManyAddresses: there are 20 already.
    """
    count = session.scalar(select(func.count()).select_from(Address).where(Address.account_id == account.id)) or 0
    if count >= MOST:
        raise TooManyAddresses
    address = Address(**values, account_id=account.id, is_default=count == 0)
    session.add(address)
    session.flush()
    return address


def change(session: Session, address: Address, values: Mapping[str, Any]) -> None:
    """Write all fields of the form, flushed."""
    for key, value in values.items():
        setattr(address, key, value)
    session.flush()


def remove(session: Session, account: Account, address: Address) -> None:
    """Remove it; if it was the default one, the oldest that is left takes its place. Orders keep their own copy."""
    was_default = address.is_default
    session.execute(delete(Address).where(Address.id == address.id, Address.account_id == account.id))
    session.expire_all()
    left = addresses_of(session, account)
    if was_default and left:
        make_default(session, account, left[0])


def make_default(session: Session, account: Account, address: Address) -> None:
    """One statement for all, so that there is never more than one default."""
    session.execute(update(Address).where(Address.account_id == account.id).values(is_default=Address.id == address.id))
    session.expire_all()
