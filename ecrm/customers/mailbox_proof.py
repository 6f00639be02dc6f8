"""Proof of a mailbox: this browser followed a link that only the owner of an address could have opened.

It is kept in the host's Flask session, so it holds in this browser only, and for two hours.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from flask import has_request_context, session

from ecrm.events import ProfileChanged, SignedIn, SignedUp, Told
from tracking.email_address import fold

PROOF_LASTS = timedelta(hours=2)
_KEY = "ecrm_proved_email"


def prove(email: str, *, now: datetime) -> None:
    """Note that whoever uses this browser reads the mail of this address."""
    session[_KEY] = {"email": fold(email), "until": int((now + PROOF_LASTS).timestamp())}


def proved_email() -> str | None:
    """The address, folded, whose mailbox this browser proved within the last two hours."""
    proof = session.get(_KEY)
    if not isinstance(proof, dict) or proof.get("until", 0) < datetime.now(UTC).timestamp():
        return None
    return str(proof["email"])


def with_proof(event: Told) -> Told:
    """The event of an account, which says that the address is proved where this browser proved it."""
    if not isinstance(event, SignedUp | SignedIn | ProfileChanged) or not has_request_context():
        return event
    person = event.person
    if person.email_proved or proved_email() != fold(person.email):
        return event
    return replace(event, person=replace(person, email_proved=True))


def forget_proof() -> None:
    """The next person at this browser has to prove it anew."""
    session.pop(_KEY, None)
