"""Costs: what campaigns cost, by day. Entered, taken back by an entry that reverses them; never changed or deleted.

`reference` says what an entry is of and is unique, so that nothing is written twice:
`entered:<key of the form>:<day>`, `<kind of export>:<campaign there>:<day>[~<version>]`, `reversed:<id>`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from tracking.record import insert_once
from tracking.shares import split

from .campaigns import Campaign, CostEntry
from .period import Period

ENTERED = "entered"
REVERSED = "reversed:"
MAX_DAYS = 3 * 366
_CHUNK = 400

Query = Select[*tuple[Any, ...]]


@dataclass(frozen=True)
class Listed:
    """An entry with its campaign. `taken_back`: another entry reverses it. `reverses`: the entry that it takes back."""

    entry: CostEntry
    campaign: Campaign
    taken_back: bool
    reverses: int | None


def enter(
    session: Session,
    campaign_id: int,
    *,
    period: Period,
    amount_minor: int,
    key: str,
    by: str,
    now: datetime,
    clicks: int | None = None,
    impressions: int | None = None,
    note: str = "",
) -> int:
    """Spread a cost evenly over days, exactly to the smallest coin; returns how many days were written.

    Args:
        key: of the form; sent again it changes nothing, and 0 is returned.
    """
    days = list(period)
    ones = [1] * len(days)
    shares = zip(
        days,
        split(amount_minor, ones),
        split(clicks, ones) if clicks is not None else [None] * len(days),
        split(impressions, ones) if impressions is not None else [None] * len(days),
        strict=True,
    )
    written = 0
    for day, amount, clicked, shown in shares:
        values = {
            "campaign_id": campaign_id, "day": day, "amount_minor": amount, "clicks": clicked, "impressions": shown,
            "origin": ENTERED, "reference": f"{ENTERED}:{key}:{day}", "note": note[:200], "entered_by": by[:100],
            "entered_at": now,
        }  # fmt: skip
        written += insert_once(session, CostEntry, values) is not None
    return written


def take_back(session: Session, entry: CostEntry, *, by: str, now: datetime, note: str = "") -> bool:
    """Write the entry that reverses another on the same day; False where that was done before."""
    return insert_once(session, CostEntry, reversal(entry, by=by, now=now, note=note)) is not None


def reversal(entry: CostEntry, *, by: str, now: datetime, note: str = "") -> dict[str, Any]:
    """The values of the entry that takes another one back."""
    return {
        "campaign_id": entry.campaign_id, "day": entry.day, "amount_minor": -entry.amount_minor,
        "clicks": None if entry.clicks is None else -entry.clicks,
        "impressions": None if entry.impressions is None else -entry.impressions,
        "origin": entry.origin, "reference": f"{REVERSED}{entry.id}", "note": (note or entry.note)[:200],
        "entered_by": by[:100], "entered_at": now,
    }  # fmt: skip


def spread_with(session: Session, entry: CostEntry) -> Sequence[CostEntry]:
    """The entries that one form wrote together with this one, itself included."""
    origin, _, rest = entry.reference.partition(":")
    if origin != ENTERED:
        return [entry]
    begins = f"{ENTERED}:{rest.rpartition(':')[0]}:"
    query = select(CostEntry).where(CostEntry.reference.startswith(begins, autoescape=True))
    return session.scalars(query.order_by(CostEntry.day)).all()


def listed(
    session: Session,
    period: Period,
    *,
    campaign_id: int | None = None,
    channel: str = "",
    before: tuple[date, int] | None = None,
    limit: int,
) -> list[Listed]:
    """Entries of a period with what became of them, latest day first.

    Args:
        channel: only of campaigns of this channel.
        before: (day, id) of the last row of the page before.
    """
    query = _of(select(CostEntry, Campaign), period, campaign_id, channel)
    if before is not None:
        day, id_ = before
        query = query.where((CostEntry.day < day) | ((CostEntry.day == day) & (CostEntry.id < id_)))
    rows = session.execute(query.order_by(CostEntry.day.desc(), CostEntry.id.desc()).limit(limit)).all()
    taken = reversed_among(session, [entry.id for entry, _campaign in rows])
    return [Listed(entry, campaign, entry.id in taken, _reverses(entry)) for entry, campaign in rows]


def total(session: Session, period: Period, *, campaign_id: int | None = None, channel: str = "") -> int:
    """The sum of the entries that `listed` shows, all pages together."""
    query = _of(
        select(func.coalesce(func.sum(CostEntry.amount_minor), 0)).select_from(CostEntry), period, campaign_id, channel
    )
    return int(session.scalar(query) or 0)


def reversed_among(session: Session, entry_ids: Collection[int]) -> set[int]:
    """Which of these entries another one takes back."""
    ids = sorted(entry_ids)
    found: set[int] = set()
    for start in range(0, len(ids), _CHUNK):
        names = [f"{REVERSED}{id_}" for id_ in ids[start : start + _CHUNK]]
        query = select(CostEntry.reference).where(CostEntry.reference.in_(names))
        found.update(int(name.removeprefix(REVERSED)) for name in session.scalars(query))
    return found


def _of(query: Query, period: Period, campaign_id: int | None, channel: str) -> Query:
    query = query.join(Campaign, Campaign.id == CostEntry.campaign_id)
    query = query.where(CostEntry.day.between(period.first, period.last))
    if campaign_id is not None:
        query = query.where(CostEntry.campaign_id == campaign_id)
    return query.where(Campaign.channel == channel) if channel else query


def _reverses(entry: CostEntry) -> int | None:
    return int(entry.reference.removeprefix(REVERSED)) if entry.reference.startswith(REVERSED) else None
