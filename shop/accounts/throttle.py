"""Guessing one account's password gets slower with every try, wherever the tries come from.

An attempt is claimed before the password is hashed: conditional UPDATEs count simultaneous guesses one by one.
Unknown addresses are treated alike, so a pause doesn't tell which accounts exist. Strangers share one count an
account; a browser that signed in to it before (see `devices`) has its own, so that no stranger keeps an owner out.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import String, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..database import Base
from ..wording import ngettext
from ..writes import insert_or_ignore, rows_changed

FREE_ATTEMPTS = 4
LONGEST_PAUSE = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(days=1)


class SignInAttempts(Base):
    """Wrong guesses for one address (its SHA-256, since the address need not belong to anyone we know)."""

    __tablename__ = "sign_in_attempts"

    address_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    paused_until: Mapped[datetime]
    last_at: Mapped[datetime] = mapped_column(index=True)


def claim_attempt(session: Session, email_folded: str, *, now: datetime, apart: str = "") -> timedelta | None:
    """Count an attempt as failed before it is made. Commit before you hash: the claim must be seen by others.

    Args:
        apart: whose attempts are counted apart from those of strangers, e.g. a known device's number.

    Returns:
        None when the attempt may be made, else how long to wait.
    """
    key = _key(email_folded, apart)
    while True:
        row = _count(session, key, now=now)
        if row is None:  # somebody else gave the right password between two of our statements
            continue
        failures, paused_until = row
        if paused_until > now:
            return max(paused_until - now, timedelta(seconds=1))
        # Where another attempt was counted meanwhile (a double click), look again: it isn't a wrong one for that, and
        # as each of them was counted, the pause comes after a few rounds.
        if _claimed(session, key, failures, now=now):
            return None


def _count(session: Session, key: str, *, now: datetime) -> tuple[int, datetime] | None:
    insert_or_ignore(
        session,
        SignInAttempts,
        {"address_hash": key, "failures": 0, "paused_until": _paused_until(0, now=now), "last_at": now},
    )
    row = session.execute(
        select(SignInAttempts.failures, SignInAttempts.paused_until).where(SignInAttempts.address_hash == key)
    ).one_or_none()
    return None if row is None else (row.failures, row.paused_until)


def _claimed(session: Session, key: str, failures: int, *, now: datetime) -> bool:
    change = update(SignInAttempts).where(
        SignInAttempts.address_hash == key, SignInAttempts.failures == failures, SignInAttempts.paused_until <= now
    )
    values = {"failures": failures + 1, "paused_until": _paused_until(failures + 1, now=now), "last_at": now}
    return rows_changed(session, change.values(**values)) == 1


def forgive(session: Session, email_folded: str, *, apart: str = "") -> None:
    """The right password was given: start counting anew where it was given, and nowhere else."""
    session.execute(delete(SignInAttempts).where(SignInAttempts.address_hash == _key(email_folded, apart)))


def please_wait(pause: timedelta) -> str:
    """What is said during a pause; nothing of wrong tries, since it may be somebody else's that one waits for."""
    return ngettext(
        "Please wait %(num)d second and try again; after several tries in a row we slow them down.",
        "Please wait %(num)d seconds and try again; after several tries in a row we slow them down.",
        int(retry_after(pause)),
    )


def retry_after(pause: timedelta) -> str:
    """Whole seconds, for the header."""
    return str(int(pause.total_seconds()) + 1)


def forget_old_attempts(session: Session, *, now: datetime) -> int:
    """Remove what nobody tried for a day; says how many."""
    return rows_changed(session, delete(SignInAttempts).where(SignInAttempts.last_at < now - FORGOTTEN_AFTER))


def pause_after(failures: int) -> timedelta:
    """None for a few slips, then 2 s, 4 s, 8 s … up to the longest."""
    if failures < FREE_ATTEMPTS:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(failures - FREE_ATTEMPTS + 1, 20)), LONGEST_PAUSE)


def _paused_until(failures: int, *, now: datetime) -> datetime:
    """Without a pause, long ago: the second of two clicks may have looked at the clock before the first one did."""
    pause = pause_after(failures)
    return now + pause if pause else now - FORGOTTEN_AFTER


def _key(email_folded: str, apart: str) -> str:
    return hashlib.sha256(f"{apart}\n{email_folded}".encode()).hexdigest()
