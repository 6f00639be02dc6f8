"""Members of staff: made by the owner of the machine on the command line, never by a web form."""

from __future__ import annotations

from datetime import UTC, datetime

from marshmallow import ValidationError
from sqlalchemy.orm import Session

from ..addressing.fields import checked_email
from ..email_address import fold
from ..writes import insert_or_ignore
from . import passwords, sign_in
from .account import Account, Role
from .registration import account_of


class StaffProblem(ValueError):
    """This can't become a member of staff; the message says why."""


def create_staff(
    session: Session, *, email: str, role: str, password: str | None, first_name: str, last_name: str = ""
) -> Account:
    """Make an account of the staff, or give an existing one this role and password; flushed, the caller commits.

    All earlier sign-ins of an existing account end. `password=None` makes an account that nobody can sign in to
    (only a demo does that).

    Raises:
        StaffProblem: for an unknown role, a weak password, or what is no e-mail address.
    """
    if role not in set(Role):
        raise StaffProblem(f"{role!r} is no role; the roles are {', '.join(Role)}")
    try:
        address = checked_email(email)
    except ValidationError as error:
        raise StaffProblem(str(error.messages[0])) from None
    if password is not None:
        weak = passwords.weakness(password, about=(address, first_name, last_name))
        if weak:
            raise StaffProblem(weak)
    password_hash = None if password is None else passwords.hash_password(password)
    now = datetime.now(UTC)
    names = {"first_name": first_name, "last_name": last_name}
    insert_or_ignore(session, Account, {"email": address, "email_folded": fold(address), "created_at": now, **names})
    account = account_of(session, address)
    assert account is not None  # noqa: S101 (inserted or there before)
    account.role, account.password_hash = role, password_hash
    sign_in.end_all(session, account, now=now)
    session.flush()
    return account
