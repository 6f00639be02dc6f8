"""Unsubscribing so that the acknowledgement can be believed: afterwards, nothing more is handed to a mail server.

The withdrawal takes the contact's row, which whoever hands an e-mail over takes, too: it sees either their
`handed_at`, or they see the withdrawal. So after the commit one only has to wait until what was handed over before is
out of our hands.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from .outbox import Email, State

PATIENCE = timedelta(seconds=5)
"""A mail server that takes longer than this over one e-mail has had it for long: it was handed over before."""
_PAUSE = 0.05


def settled(
    sessions: sessionmaker[Session],
    contact_id: int,
    *,
    clock: Callable[[], datetime],
    wait: Callable[[float], None],
    patience: timedelta = PATIENCE,
) -> bool:
    """Wait, outside of any transaction, until no marketing e-mail to this contact is between us and the mail server.

    Returns:
        False where the patience ended first. The e-mail under way was handed over before the withdrawal even then.
    """
    under_way = (
        select(Email.id)
        .where(
            Email.contact_id == contact_id,
            Email.transactional.is_(False),
            Email.state == State.CLAIMED,
            Email.handed_at.is_not(None),
        )
        .limit(1)
    )
    end = clock() + patience
    while True:
        with sessions() as session:
            if session.scalar(under_way) is None:
                return True
        if clock() >= end:
            return False
        wait(_PAUSE)
