"""The browsers of a customer, as staff see them; and taking a claim back or putting it back, with the reports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ecrm.marketing.attribution import booking
from ecrm.marketing.recommended import crediting
from tracking import identity
from tracking.clickstream.dimensions import Audience
from tracking.clickstream.sessions import Session as Visit


@dataclass(frozen=True)
class Browser:
    """A browser that a customer was seen in. `visits` are those that are theirs (`tracking.identity.visits_of`).

    `last_at` is None and `device` empty where none is.
    """

    claim: identity.Claim
    visits: int
    last_at: datetime | None
    device: str


def browsers_of(session: Session, customer_id: int, *, window: timedelta) -> list[Browser]:
    """Every browser with a claim of this customer, newest claim first."""
    claims = identity.claims_of(session, customer_id)
    if not claims:
        return []
    query = (
        select(Visit.visitor_id, func.count(), func.max(Visit.last_at), func.max(Visit.id))
        .where(identity.theirs(session, customer_id, window=window))
        .group_by(Visit.visitor_id)
    )
    visits = {visitor_id: (count, last_at, newest) for visitor_id, count, last_at, newest in session.execute(query)}
    devices = _devices(session, (newest for _, _, newest in visits.values()))
    found = ((one, visits.get(one.visitor_id, (0, None, 0))) for one in claims)
    return [Browser(one, count, last_at, devices.get(newest, "")) for one, (count, last_at, newest) in found]


def take_back(session: Session, claim_id: int, *, by: str, reason: str, at: datetime) -> bool:
    """The customer wasn't the one who used this browser: its visits leave them, and their orders are credited anew.

    Returns:
        False where the claim was taken back before; nothing is changed then.

    Raises:
        LookupError: where there is no such claim.
    """
    return _change(session, claim_id, stands=False, by=by, reason=reason, at=at)


def put_back(session: Session, claim_id: int, *, by: str, reason: str, at: datetime) -> bool:
    """Undo `take_back`: everything is again as it would have been.

    Raises:
        LookupError: where there is no such claim.
    """
    return _change(session, claim_id, stands=True, by=by, reason=reason, at=at)


def _change(session: Session, claim_id: int, *, stands: bool, by: str, reason: str, at: datetime) -> bool:
    changed = identity.change_claim(session, claim_id, stands=stands, by=by, reason=reason, at=at)
    if changed:
        # Of everybody who was seen in it: a browser that is shared no more is wholly the other's.
        for customer_id in identity.claimants(session, identity.visitor_of_claim(session, claim_id)):
            booking.rebook_customer(session, customer_id)
            crediting.rebook_customer(session, customer_id)
    return changed


def _devices(session: Session, visit_ids: Iterable[int]) -> dict[int, str]:
    query = select(Visit.id, Audience.device).join(Audience, Audience.id == Visit.audience_id)
    return {row.id: row.device for row in session.execute(query.where(Visit.id.in_(list(visit_ids))))}
