"""The dry run of a cost import against what is written already, and the writing of exactly that.

What an advertiser says of a campaign and a day goes before what was imported for it earlier: a changed figure takes the
old entry back and is written beside it, the same figure changes nothing.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from ecrm.marketing.campaign_book import owners_of
from ecrm.marketing.campaigns import Campaign, CostEntry
from ecrm.marketing.costs import REVERSED, reversal, reversed_among
from ecrm.wording import gettext as _
from tracking.clickstream.sources import folded_code

from .cost_rows import CostExport, DayCost, There

_LONGEST_IDENT = 120
_BATCH = 2000


class Moved(Exception):
    """What would be written isn't what was shown: somebody else imported or changed costs meanwhile."""


@dataclass
class CampaignPlan:
    """What an import does to one campaign of the advertiser's. Money in minor units.

    `owner`: the campaign here that it is taken for. `before_minor`: what the changed days had said.
    """

    there: There
    owner: Campaign | None
    amount_minor: int = 0
    days: int = 0
    new: int = 0
    same: int = 0
    changed: int = 0
    before_minor: int = 0
    first: date = date.max
    last: date = date.min


@dataclass(frozen=True)
class CostPlan:
    """A dry run. `fingerprint` names what was shown; the writing refuses to do anything else."""

    export: CostExport
    campaigns: Sequence[CampaignPlan]
    fingerprint: str

    @property
    def amount_minor(self) -> int:
        return sum(one.amount_minor for one in self.campaigns)


@dataclass
class CostReport:
    """What was written: days. `made`: names of the campaigns that were made for it."""

    new: int = 0
    same: int = 0
    changed: int = 0
    skipped: int = 0
    made: list[str] = field(default_factory=list)


def plan(session: Session, export: CostExport) -> CostPlan:
    """Hold an export against what is known; changes nothing."""
    current, owners = _Current(session, export), _owners(session, export)
    plans: dict[str, CampaignPlan] = {}
    digest = hashlib.blake2b(digest_size=16)
    for cost in export.costs:
        one = plans.setdefault(
            cost.campaign.ident, CampaignPlan(cost.campaign, owners.get(cost.campaign.ident))
        )  # fmt: skip
        entry = current.of(cost)
        one.days += 1
        one.amount_minor += cost.amount_minor
        one.first, one.last = min(one.first, cost.day), max(one.last, cost.day)
        if entry is None:
            one.new += not _is_nothing(cost)
        elif _says(entry, cost):
            one.same += 1
        else:
            one.changed += 1
            one.before_minor += entry.amount_minor
        digest.update(
            repr(
                (cost.campaign, cost.day, cost.amount_minor, cost.clicks, cost.impressions, entry and entry.id)
            ).encode()
        )
    return CostPlan(export, list(plans.values()), digest.hexdigest())


def write(
    session: Session,
    export: CostExport,
    targets: Mapping[str, int | None],
    *,
    fingerprint: str,
    by: str,
    now: datetime,
) -> CostReport:
    """Write an export; commits nothing.

    Args:
        targets: of each of the advertiser's campaigns (by `There.ident`), the campaign here; None leaves it out, an
            ident that is missing makes a campaign of its name.

    Raises:
        Moved: nothing is written; run the dry run again.
        sqlalchemy.exc.IntegrityError: two imports met; nothing may be committed.
    """
    if plan(session, export).fingerprint != fingerprint:
        raise Moved
    report, current = CostReport(), _Current(session, export)
    homes = dict(targets)
    for there in dict.fromkeys(cost.campaign for cost in export.costs):
        if there.ident not in homes:
            homes[there.ident] = _made(session, export, there, report, now=now)
    rows: list[dict[str, Any]] = []
    for cost in export.costs:
        home, entry = homes[cost.campaign.ident], current.of(cost)
        if home is None:
            report.skipped += 1
            continue
        if entry is not None and _says(entry, cost) and entry.campaign_id == home:
            report.same += 1
            continue
        if entry is not None:
            rows.append(reversal(entry, by=by, now=now))
            report.changed += 1
        elif _is_nothing(cost):
            continue
        else:
            report.new += 1
        rows.append({
            "campaign_id": home, "day": cost.day, "amount_minor": cost.amount_minor, "clicks": cost.clicks,
            "impressions": cost.impressions, "origin": export.advertiser.kind,
            "reference": current.next_reference(cost), "note": cost.campaign.name, "entered_by": by[:100],
            "entered_at": now,
        })  # fmt: skip
    for start in range(0, len(rows), _BATCH):
        session.execute(insert(CostEntry), rows[start : start + _BATCH])
    return report


class _Current:
    """The entries of this kind of export that count now, by campaign there and day."""

    def __init__(self, session: Session, export: CostExport) -> None:
        self._kind = export.advertiser.kind
        self._entries: dict[str, CostEntry] = {}
        self._named: defaultdict[tuple[str, date], list[tuple[str, CostEntry]]] = defaultdict(list)
        self._versions: defaultdict[str, int] = defaultdict(int)
        if not export.costs:
            return
        query = select(CostEntry).where(
            CostEntry.origin == self._kind,
            CostEntry.day.between(export.first, export.last),
            CostEntry.reference.not_like(f"{REVERSED}%"),
        )
        entries = session.scalars(query.order_by(CostEntry.id)).all()
        gone = reversed_among(session, [entry.id for entry in entries])
        for entry in entries:
            base, _tilde, version = entry.reference.partition("~")
            self._versions[base] = max(self._versions[base], int(version or 1))
            if entry.id not in gone:
                self._entries[base] = entry
                self._named[entry.note, entry.day].append((base, entry))

    def of(self, cost: DayCost) -> CostEntry | None:
        """The entry that this cost would repeat or change."""
        base = self._base(cost)
        if base in self._entries:
            return self._entries[base]
        # An export with the campaigns' numbers, one of an earlier day without: the same campaign by its name.
        by_number = base.startswith(f"{self._kind}:id/")
        others = [
            entry
            for other, entry in self._named.get((cost.campaign.name, cost.day), ())
            if other.startswith(f"{self._kind}:id/") != by_number
        ]
        return others[0] if len(others) == 1 else None

    def next_reference(self, cost: DayCost) -> str:
        """A reference that no entry has yet, of whichever version is due."""
        base = self._base(cost)
        version = self._versions[base] + 1
        return base if version == 1 else f"{base}~{version}"

    def _base(self, cost: DayCost) -> str:
        ident = cost.campaign.ident.replace("~", "-")
        if len(ident) > _LONGEST_IDENT or ident != cost.campaign.ident:
            ident = f"{ident[:40]}#{hashlib.blake2b(cost.campaign.ident.encode(), digest_size=16).hexdigest()}"
        return f"{self._kind}:{ident}:{cost.day}"


def _owners(session: Session, export: CostExport) -> dict[str, Campaign]:
    """Which campaign here an advertiser's is: as it was taken last time, else by its code, else by its name."""
    theres = list(dict.fromkeys(cost.campaign for cost in export.costs))
    by_code = owners_of(session, {folded_code(there.name) for there in theres})
    all_of_them = session.scalars(select(Campaign)).all()
    by_name = {campaign.name.casefold(): campaign for campaign in all_of_them if campaign.archived_at is None}
    by_id = {campaign.id: campaign for campaign in all_of_them}
    latest = (
        select(CostEntry.note, func.max(CostEntry.id).label("id"))
        .where(CostEntry.origin == export.advertiser.kind, CostEntry.reference.not_like(f"{REVERSED}%"))
        .group_by(CostEntry.note)
        .subquery()
    )
    query = select(latest.c.note, CostEntry.campaign_id).join(CostEntry, CostEntry.id == latest.c.id)
    taken = {note: by_id[campaign_id] for note, campaign_id in session.execute(query)}
    found = {}
    for there in theres:
        owner = taken.get(there.name) or by_code.get(folded_code(there.name)) or by_name.get(there.name.casefold())
        if owner is not None:
            found[there.ident] = owner
    return found


def _made(session: Session, export: CostExport, there: There, report: CostReport, *, now: datetime) -> int:
    """Make a campaign of the advertiser's name, whose UTM code is that name."""
    code = folded_code(there.name)
    known = owners_of(session, [code]).get(code)
    if known is not None:
        return known.id
    first = min(cost.day for cost in export.costs if cost.campaign.ident == there.ident)
    campaign = Campaign(
        code=code, name=there.name[:120], channel=export.advertiser.channel, first_day=first, created_at=now,
        note=_("Made by an import from %(advertiser)s.", advertiser=export.advertiser.label),
    )  # fmt: skip
    session.add(campaign)
    session.flush()
    report.made.append(campaign.name)
    return campaign.id


def _says(entry: CostEntry, cost: DayCost) -> bool:
    return (entry.amount_minor, entry.clicks, entry.impressions) == (cost.amount_minor, cost.clicks, cost.impressions)


def _is_nothing(cost: DayCost) -> bool:
    return not (cost.amount_minor or cost.clicks or cost.impressions)
