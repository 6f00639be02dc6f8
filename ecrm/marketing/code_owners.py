"""Which campaign a code means: the one rule that reports, credits and the campaign's own page all ask.

A campaign's own code goes before a further code of another that is spelt alike. The console lets no code be given
twice; a shop that founds its campaigns itself (`campaigns.found`) may.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Subquery, select, union_all
from sqlalchemy.orm import Session

from .campaigns import Campaign, CampaignCode

_CHUNK = 400


def code_owners(campaign_id: int | None = None) -> Subquery:
    """(code, campaign_id), each code once; with a `campaign_id`, of the codes that mean this one alone."""
    own = select(Campaign.code.label("code"), Campaign.id.label("campaign_id"))
    further = select(CampaignCode.code, CampaignCode.campaign_id).where(
        CampaignCode.code.not_in(select(Campaign.code))
    )  # fmt: skip
    if campaign_id is not None:
        own, further = own.where(Campaign.id == campaign_id), further.where(CampaignCode.campaign_id == campaign_id)
    return union_all(own, further).subquery()


def owners_of(session: Session, codes: Iterable[str]) -> dict[str, Campaign]:
    """The campaign that each of these (folded) codes means; codes that mean none are missing."""
    wanted, owners = sorted(set(codes)), code_owners()
    query = select(owners.c.code, Campaign).join(Campaign, Campaign.id == owners.c.campaign_id)
    return {
        row.code: row.Campaign
        for start in range(0, len(wanted), _CHUNK)
        for row in session.execute(query.where(owners.c.code.in_(wanted[start : start + _CHUNK])))
    }


def owner_ids(session: Session) -> dict[str, int]:
    """The number of the campaign that each code means."""
    owners = code_owners()
    return {row.code: row.campaign_id for row in session.execute(select(owners))}


def meaning_codes(session: Session, campaign_id: int) -> set[str]:
    """The codes that mean a campaign."""
    return set(session.scalars(select(code_owners(campaign_id).c.code)))
