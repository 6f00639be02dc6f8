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

from ecrm.marketing.campaigns import Campaign, CostEntry
from ecrm.marketing.code_owners import owners_of
from ecrm.marketing.costs import REVERSED, reversal, reversed_among
from ecrm.wording import gettext as _
from tracking.clickstream.sources import folded_code

from .cost_rows import CostExport, DayCost, There
from .export import Unreadable

_LONGEST_IDENT = 120
_BATCH = 2000
_ACCOUNT_NAME, _ACCOUNT_NUMBER = "account's name", "account's number"


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
    """Hold an export against what is known; changes nothing.

    Raises:
        Unreadable: it names campaigns in another way than what is known, so that days would count twice; in words.
    """
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
    """The entries of this kind of export that count now, each held against the cost that would repeat or change it.

    Raises:
        Unreadable: a campaign's name and day stand for entries that this file can't tell apart; both would count.
    """

    def __init__(self, session: Session, export: CostExport) -> None:
        self._kind = export.advertiser.kind
        self._entries: dict[str, CostEntry] = {}
        self._named: defaultdict[tuple[str, date], list[tuple[str, CostEntry]]] = defaultdict(list)
        self._versions: defaultdict[str, int] = defaultdict(int)
        self._matched: dict[str, CostEntry] = {}
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
                self._named[entry.note.casefold(), entry.day].append((base, entry))
        self._match(export)

    def of(self, cost: DayCost) -> CostEntry | None:
        """The entry that this cost would repeat or change."""
        return self._matched.get(self._base(cost))

    def next_reference(self, cost: DayCost) -> str:
        """A reference that no entry has yet, of whichever version is due."""
        base = self._base(cost)
        version = self._versions[base] + 1
        return base if version == 1 else f"{base}~{version}"

    def _match(self, export: CostExport) -> None:
        bases = [self._base(cost) for cost in export.costs]
        self._matched = {base: self._entries[base] for base in bases if base in self._entries}
        taken = set(self._matched)
        for base, cost in zip(bases, export.costs, strict=True):
            if base in self._matched:
                continue
            found = self._by_name(base, cost, taken)
            if found is not None:
                taken.add(found[0])
                self._matched[base] = found[1]

    def _by_name(self, base: str, cost: DayCost, taken: set[str]) -> tuple[str, CostEntry] | None:
        """An entry of the same name and day from an export that named the campaign by fewer or other columns."""
        name = cost.campaign.name
        ours = _named_by(self._kind, base, name)
        others = [
            (other, entry, _named_by(self._kind, other, name))
            for other, entry in self._named.get((name.casefold(), cost.day), ())
            if other not in taken
        ]
        others = [other for other in others if other[2] != ours]
        # An account's number and its name can't be told to be the same; without either it is the only one.
        if len(others) > 1 or any({theirs, ours} == {_ACCOUNT_NAME, _ACCOUNT_NUMBER} for *_rest, theirs in others):
            raise Unreadable(
                _("“%(name)s” on %(day)s was imported from an export with other columns, and it can't be told which"
                  " account it was. Export again with the columns as then: campaign ID, account or customer ID.",
                  name=name[:80], day=cost.day.isoformat())
            )  # fmt: skip
        return others[0][:2] if others else None

    def _base(self, cost: DayCost) -> str:
        return f"{_kept_as(self._kind, cost.campaign)}:{cost.day}"


def _kept_as(kind: str, there: There) -> str:
    """A campaign of the advertiser's as references begin with it."""
    ident = there.ident.replace("~", "-")
    if len(ident) > _LONGEST_IDENT or ident != there.ident:
        ident = f"{ident[:40]}#{hashlib.blake2b(there.ident.encode(), digest_size=16).hexdigest()}"
    return f"{kind}:{ident}"


def _named_by(kind: str, base: str, name: str) -> str:
    """By which columns an export named the campaign of a reference."""
    ident = base.removeprefix(f"{kind}:")
    if ident.startswith("id/"):
        return "id"
    if base.rpartition(":")[0] == _kept_as(kind, There.named(name)):
        return "name"
    account = ident.removeprefix("name/").partition("/")[0]
    return _ACCOUNT_NUMBER if account.replace("-", "").isdigit() else _ACCOUNT_NAME


def _owners(session: Session, export: CostExport) -> dict[str, Campaign]:
    """Which campaign here an advertiser's is: as it was taken last time, else by its code, else by its name."""
    theres = list(dict.fromkeys(cost.campaign for cost in export.costs))
    by_code = owners_of(session, {folded_code(there.name) for there in theres})
    all_of_them = session.scalars(select(Campaign)).all()
    by_name = {campaign.name.casefold(): campaign for campaign in all_of_them if campaign.archived_at is None}
    by_id = {campaign.id: campaign for campaign in all_of_them}
    taken, taken_by_name = _taken(session, export.advertiser.kind)
    found = {}
    for there in theres:
        earlier = taken_by_name.get(there.name, set())
        home = taken.get(_kept_as(export.advertiser.kind, there)) or (min(earlier) if len(earlier) == 1 else None)
        owner = by_id[home] if home else by_code.get(folded_code(there.name)) or by_name.get(there.name.casefold())
        if owner is not None:
            found[there.ident] = owner
    return found


def _taken(session: Session, kind: str) -> tuple[dict[str, int], dict[str, set[int]]]:
    """What each of the advertiser's campaigns was taken for last time: by what it is kept as, and by its name.

    Two campaigns there may have one name; then the name alone tells nothing.
    """
    # Without its day; versions ("~2") make further groups of the same campaign, of which the last one counts below.
    campaign = func.substr(CostEntry.reference, 1, func.length(CostEntry.reference) - len(":2026-11-20"))
    latest = (
        select(func.max(CostEntry.id).label("id"))
        .where(CostEntry.origin == kind, CostEntry.reference.not_like(f"{REVERSED}%"))
        .group_by(CostEntry.note, campaign)
        .subquery()
    )
    query = select(CostEntry.reference, CostEntry.note, CostEntry.campaign_id).join(latest, CostEntry.id == latest.c.id)
    taken: dict[str, int] = {}
    names: dict[str, str] = {}
    for reference, note, home in session.execute(query.order_by(CostEntry.id)):
        base = reference.partition("~")[0].rpartition(":")[0]
        taken[base], names[base] = home, note
    by_name: defaultdict[str, set[int]] = defaultdict(set)
    for base, name in names.items():
        by_name[name].add(taken[base])
    return taken, by_name


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
