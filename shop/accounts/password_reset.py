"""A forgotten password: a link by e-mail, good for an hour and once, with which its reader sets a new one.

Nothing is kept of a link: it names the account and carries a fingerprint of the password that it replaces, so that it
dies with that password. Whoever has no password yet (an imported customer) gets the first one in the same way.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

from flask import current_app, url_for
from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer
from sqlalchemy import update
from sqlalchemy.orm import Session

from ..email_address import fold
from ..hooks import Letter, send_letter
from ..writes import rows_changed
from . import passwords, sign_in, throttle
from .account import Account
from .registration import account_of

LINK_LASTS = timedelta(minutes=60)
LETTERS_AN_HOUR = 3
"""To one account within a full hour, whoever asks and from wherever."""


class LinkRefused(Exception):
    """The link opens nothing; `reason` is `broken`, `expired` or `used`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def ask_for_link(session: Session, *, email: str, now: datetime) -> bool:
    """Have the letter with the link written; says whether there is an account to write to.

    Where it says False, undo the transaction: a letter to a stranger is written, too, so that the time doesn't tell
    who has an account. What differs is the commit alone.
    """
    account = account_of(session, email)
    reader = account or Account(id=0, email=email, email_folded=fold(email), first_name="", last_name="")
    path = url_for("accounts.reset_password", token=_serializer().dumps([reader.id, _fingerprint(reader)]))
    send_letter(
        Letter(
            template="password_reset",
            to_address=reader.email,
            to_name=f"{reader.first_name} {reader.last_name}".strip(),
            causes=_causes(reader, now),
            context={
                "first_name": reader.first_name,
                # Never from the request's Host header: whoever asks could make it lead to a site of theirs.
                "link": current_app.config["SHOP_BASE_URL"].rstrip("/") + path,
                "minutes": int(LINK_LASTS.total_seconds() // 60),
                "has_password": reader.password_hash is not None,
            },
        )
    )
    return account is not None


def open_link(session: Session, token: str) -> Account:
    """Whose password the link may set. Changes nothing: programs that check e-mails open links before people do.

    Raises:
        LinkRefused: with the reason in a word.
    """
    try:
        account_id, fingerprint = _serializer().loads(token, max_age=int(LINK_LASTS.total_seconds()))
    except SignatureExpired:
        raise LinkRefused("expired") from None
    except (BadData, TypeError, ValueError):
        raise LinkRefused("broken") from None
    account = session.get(Account, account_id)
    if account is None or not hmac.compare_digest(fingerprint, _fingerprint(account)):
        raise LinkRefused("used")
    return account


def set_password(session: Session, account: Account, password: str, *, now: datetime) -> None:
    """Set the new password and end all sign-ins of the account; the caller commits.

    Raises:
        LinkRefused: the password was changed meanwhile, e.g. by the same link in another window.
    """
    unchanged = (Account.id == account.id, Account.password_hash.is_not_distinct_from(account.password_hash))
    new_hash = passwords.hash_password(password)
    change = update(Account).where(*unchanged).values(password_hash=new_hash, email_proved_at=now)
    if rows_changed(session, change) != 1:
        raise LinkRefused("used")
    session.refresh(account)
    sign_in.end_all(session, account, now=now)
    throttle.forgive(session, account.email_folded)


def _causes(reader: Account, now: datetime) -> tuple[str, ...]:
    """One an allowed letter; hashed, since the address of a stranger may be as long as 254 characters."""
    whose = hashlib.sha256(reader.email_folded.encode()).hexdigest()[:40]
    hour = int(now.timestamp()) // 3600
    return tuple(f"{whose}:{hour}:{turn}" for turn in range(LETTERS_AN_HOUR))


def _fingerprint(account: Account) -> str:
    """Of the address and of the password's hash, which nobody can compute from the link."""
    known = f"{account.email_folded}\n{account.password_hash or ''}"
    return hmac.new(_key(), known.encode(), hashlib.sha256).hexdigest()[:32]


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(_key(), salt="shop-password-reset")


def _key() -> bytes:
    key: str = current_app.config["SECRET_KEY"]
    return key.encode()
