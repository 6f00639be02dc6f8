"""The book of campaigns: founded, changed, put away; never deleted, since money is credited to them.

Codes belong to one campaign. What was redeemed under a code is credited anew where the channel it means changes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from ecrm.wording import gettext as _
from tracking.clickstream.dimensions import Source
from tracking.clickstream.touchpoints import Touchpoint
from tracking.record import insert_once

from .attribution.due import credit_anew
from .attribution.redeemed import OWNERLESS
from .campaign_drafts import Draft, Refused
from .campaigns import Campaign, CampaignCode, CostEntry
from .code_owners import owners_of
from .experiments import rename_campaign_subject

_CHUNK = 400


def found_campaign(session: Session, draft: Draft, *, now: datetime) -> Campaign:
    """Write a new campaign with its codes; commits nothing.

    Raises:
        Refused: a code or the vanity word belongs to another campaign. Nothing may be committed then.
    """
    _check_free(session, draft, own=None)
    values = _values(draft) | {"created_at": now}
    campaign_id = insert_once(session, Campaign, values)
    if campaign_id is None:  # somebody else was faster
        raise Refused({"code": _("This code or vanity word was taken a moment ago.")})
    _own_codes(session, campaign_id, draft.codes)
    _credit_anew(session, {draft.code, *draft.codes} if draft.channel != OWNERLESS else set())
    return session.get_one(Campaign, campaign_id)


def change_campaign(session: Session, campaign: Campaign, draft: Draft) -> int:
    """Make a campaign what the draft says; returns how many orders are credited to another source (many
    of them soon, by a job). Its experiments follow it to a new code.

    Raises:
        Refused: as `found_campaign`.
        sqlalchemy.exc.IntegrityError: a code was taken at this very moment.
    """
    _check_free(session, draft, own=campaign.id)
    before = {campaign.code, *codes_of(session, campaign.id)}
    after, channel_before, code_before = {draft.code, *draft.codes}, campaign.channel, campaign.code
    session.execute(update(Campaign).where(Campaign.id == campaign.id).values(_values(draft)))
    session.execute(
        delete(CampaignCode).where(CampaignCode.campaign_id == campaign.id, CampaignCode.code.not_in(after))
        if len(after) < _CHUNK
        else delete(CampaignCode).where(CampaignCode.campaign_id == campaign.id)
    )
    _own_codes(session, campaign.id, draft.codes)
    if draft.code != code_before:
        rename_campaign_subject(session, code_before, draft.code)
    session.refresh(campaign)
    if channel_before != draft.channel:
        return _credit_anew(session, before | after)
    return _credit_anew(session, before ^ after) if draft.channel != OWNERLESS else 0


def put_away(session: Session, campaign_id: int, *, now: datetime | None) -> bool:
    """Archive a campaign, or with `now=None` take it out again; False where it was so already. Its figures stay."""
    row = update(Campaign).where(Campaign.id == campaign_id)
    row = row.where(Campaign.archived_at.is_(None) if now else Campaign.archived_at.is_not(None))
    return session.scalar(row.values(archived_at=now).returning(Campaign.id)) is not None


def campaigns(session: Session, *, archived: bool | None = False) -> Sequence[Campaign]:
    """Campaigns, those that begin last first; `archived=None` for all."""
    query = select(Campaign).order_by(Campaign.first_day.desc(), Campaign.name, Campaign.id)
    if archived is not None:
        query = query.where(Campaign.archived_at.is_not(None) if archived else Campaign.archived_at.is_(None))
    return session.scalars(query).all()


def codes_of(session: Session, campaign_id: int) -> list[str]:
    """A campaign's further codes, in order."""
    query = select(CampaignCode.code).where(CampaignCode.campaign_id == campaign_id)
    return list(session.scalars(query.order_by(CampaignCode.code)))


def spent_so_far(session: Session, campaign_ids: Collection[int] | None = None) -> dict[int, int]:
    """What each campaign has cost on all its days; campaigns without costs are missing."""
    query = select(CostEntry.campaign_id, func.sum(CostEntry.amount_minor)).group_by(CostEntry.campaign_id)
    if campaign_ids is not None:
        query = query.where(CostEntry.campaign_id.in_(campaign_ids))
    return {campaign_id: int(amount) for campaign_id, amount in session.execute(query)}


def _check_free(session: Session, draft: Draft, *, own: int | None) -> None:
    problems: dict[str, str] = {}
    owners = owners_of(session, {draft.code, *draft.codes})
    taken = {code: one for code, one in owners.items() if one.id != own}
    if draft.code in taken:
        problems["code"] = _("This code belongs to the campaign “%(name)s”.", name=taken[draft.code].name)
    if further := sorted(set(taken) - {draft.code}):
        problems["codes"] = _(
            "“%(code)s” belongs to the campaign “%(name)s”.", code=further[0], name=taken[further[0]].name
        )
    if draft.vanity is not None:
        other = session.scalar(select(Campaign).where(Campaign.vanity == draft.vanity))
        if other is not None and other.id != own:
            problems["vanity"] = _("This word leads to the campaign “%(name)s”.", name=other.name)
    if problems:
        raise Refused(problems)


def _own_codes(session: Session, campaign_id: int, codes: Collection[str]) -> None:
    known = set(codes_of(session, campaign_id))
    for code in codes:
        if code not in known and insert_once(session, CampaignCode, {"code": code, "campaign_id": campaign_id}) is None:
            raise Refused({"codes": _("“%(code)s” was given to another campaign a moment ago.", code=code)})


def _credit_anew(session: Session, codes: Collection[str]) -> int:
    """Credit the orders that redeemed these codes anew, many of them by a job; returns how many there are."""
    wanted, order_ids = sorted(codes), set[int]()
    for start in range(0, len(wanted), _CHUNK):
        query = (
            select(Touchpoint.order_id)
            .join(Source, Source.id == Touchpoint.source_id)
            .where(
                Source.campaign.in_(wanted[start : start + _CHUNK]),
                Touchpoint.kind == "code",
                Touchpoint.order_id.is_not(None),
            )
        )
        order_ids.update(order_id for order_id in session.scalars(query) if order_id)
    credit_anew(session, order_ids)
    return len(order_ids)


def _values(draft: Draft) -> dict[str, Any]:
    return {
        "code": draft.code, "name": draft.name, "channel": draft.channel, "first_day": draft.first_day,
        "last_day": draft.last_day, "budget_minor": draft.budget_minor, "reached": draft.reached,
        "vanity": draft.vanity, "landing_path": draft.landing_path, "note": draft.note,
    }  # fmt: skip
