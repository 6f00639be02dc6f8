"""Opening and changing accounts: the rows, without a page. Nothing here commits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..email_address import fold
from ..writes import insert_or_ignore
from . import traits
from .account import Account

CHANGEABLE = ("first_name", "last_name", "phone", "household", "children", "interests", "birthday")


def open_account(
    session: Session, profile: Mapping[str, Any], *, email: str, password_hash: str | None, now: datetime
) -> Account | None:
    """A new customer, flushed; None where the address belongs to an account already.

    Earlier orders that a guest placed with the same address stay where they are: whoever types an address has not
    proved that its mailbox is theirs.
    """
    values = {key: profile[key] for key in CHANGEABLE if key in profile}
    values["interests"] = traits.tidy_interests(str(values.get("interests", "")))
    account_id = insert_or_ignore(
        session,
        Account,
        {**values, "email": email, "email_folded": fold(email), "password_hash": password_hash, "created_at": now},
    )
    return None if account_id is None else session.get_one(Account, account_id)


def change_profile(session: Session, account: Account, profile: Mapping[str, Any]) -> bool:
    """Write the changed fields, flushed; says whether anything changed."""
    wanted = {**profile, "interests": traits.tidy_interests(str(profile["interests"]))}
    changed = {key: wanted[key] for key in CHANGEABLE if getattr(account, key) != wanted[key]}
    for key, value in changed.items():
        setattr(account, key, value)
    session.flush()
    return bool(changed)


def account_of(session: Session, email: str) -> Account | None:
    """The account of an address, however it is written."""
    return session.scalars(select(Account).where(Account.email_folded == fold(email))).one_or_none()
