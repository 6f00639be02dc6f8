"""Sign-ins as rows on the server: begun, found again by the cookie's token, ended here or everywhere.

Staff are signed out after 30 idle minutes and after 12 hours in any case, customers after 30 idle days.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from ..writes import rows_changed
from .account import Account, SignIn

STAFF_IDLE = timedelta(minutes=30)
STAFF_LONGEST = timedelta(hours=12)
CUSTOMER_IDLE = timedelta(days=30)
SEEN_EVERY = timedelta(minutes=1)
"""`last_seen_at` is written this often at most: a page view should not cost a write."""


def begin(session: Session, account: Account, *, now: datetime) -> tuple[SignIn, str]:
    """A new sign-in, flushed, and the token for the cookie; the row keeps only the token's hash."""
    token = secrets.token_urlsafe(32)
    row = SignIn(token_hash=_hash(token), account=account, started_at=now, last_seen_at=now)
    session.add(row)
    session.flush()
    return row, token


def find(session: Session, token: str, *, now: datetime) -> SignIn | None:
    """The sign-in of a token, with its account; None where it is unknown, ended, idle for too long or too old."""
    query = select(SignIn).where(SignIn.token_hash == _hash(token), SignIn.ended_at.is_(None))
    row = session.scalars(query.options(joinedload(SignIn.account))).one_or_none()
    return row if row is not None and is_alive(row, now=now) else None


def is_alive(row: SignIn, *, now: datetime) -> bool:
    """Whether neither the idle time nor, for staff, the whole time is over."""
    idle = now - row.last_seen_at
    if row.account.role:
        return idle < STAFF_IDLE and now - row.started_at < STAFF_LONGEST
    return idle < CUSTOMER_IDLE


def touch(session: Session, row: SignIn, *, now: datetime) -> bool:
    """Note that its owner is here; says whether anything was written. A sign-in that was ended meanwhile stays so."""
    if now - row.last_seen_at < SEEN_EVERY:
        return False
    session.execute(update(SignIn).where(SignIn.id == row.id, SignIn.ended_at.is_(None)).values(last_seen_at=now))
    return True


def end(session: Session, row: SignIn, *, now: datetime) -> None:
    """End one sign-in; its token opens nothing any more."""
    session.execute(update(SignIn).where(SignIn.id == row.id, SignIn.ended_at.is_(None)).values(ended_at=now))


def end_all(session: Session, account: Account, *, now: datetime) -> int:
    """End every sign-in of an account, on all its devices; says how many."""
    query = update(SignIn).where(SignIn.account_id == account.id, SignIn.ended_at.is_(None))
    return rows_changed(session, query.values(ended_at=now))


def end_others(session: Session, row: SignIn, *, now: datetime) -> None:
    """End the account's sign-ins on all other devices; this one goes on."""
    others = (SignIn.account_id == row.account_id, SignIn.id != row.id, SignIn.ended_at.is_(None))
    session.execute(update(SignIn).where(*others).values(ended_at=now))


def open_sign_ins(session: Session, account: Account, *, now: datetime) -> list[SignIn]:
    """Where this account is signed in at present, latest first."""
    query = select(SignIn).where(SignIn.account_id == account.id, SignIn.ended_at.is_(None))
    rows = session.scalars(query.options(joinedload(SignIn.account)).order_by(SignIn.last_seen_at.desc()).limit(50))
    return [row for row in rows if is_alive(row, now=now)]


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
