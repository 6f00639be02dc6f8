"""Campaign: a named effort on a channel with a period, a budget and costs, found again by its UTM code."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.clickstream.sources import CHANNELS, folded_code
from tracking.record import BigId, Record, insert_once

CAMPAIGN_CHANNELS = tuple(channel for channel in CHANNELS if channel != "direct")
"""A direct visit is one that no campaign brought."""


class Campaign(Record):
    """`code` is the utm_campaign (folded as `Source.campaign`). Money in minor units of the shop's currency.

    `vanity` is the word of an offline address (`/ecrm/go/<vanity>`) that leads to `landing_path`. `reached` is how many
    people a mailed campaign went to, where it is known.
    """

    __tablename__ = "ecrm_campaign"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    channel: Mapped[str] = mapped_column(String(20))
    first_day: Mapped[date]
    last_day: Mapped[date | None]
    budget_minor: Mapped[int | None] = mapped_column(BigInteger)
    reached: Mapped[int | None]
    vanity: Mapped[str | None] = mapped_column(String(60), unique=True)
    landing_path: Mapped[str] = mapped_column(String(300), default="/")
    note: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]


class CampaignCode(Record):
    """A further code that means this campaign: a coupon's code, or an older UTM code. Folded as `Source.campaign`."""

    __tablename__ = "ecrm_campaign_code"

    code: Mapped[str] = mapped_column(String(100), primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("ecrm_campaign.id"), index=True)


class CostEntry(Record):
    """What a campaign cost on a day. `reference` is unique: importing the same export twice changes nothing.

    `origin`: `entered` or the kind of export. Clicks and impressions as the advertiser counts them.
    """

    __tablename__ = "ecrm_cost_entry"
    __table_args__ = (Index(None, "campaign_id", "day"), Index(None, "day"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("ecrm_campaign.id"))
    day: Mapped[date]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    clicks: Mapped[int | None]
    impressions: Mapped[int | None]
    origin: Mapped[str] = mapped_column(String(20))
    reference: Mapped[str] = mapped_column(String(200), unique=True)
    note: Mapped[str] = mapped_column(String(200), default="")
    entered_by: Mapped[str] = mapped_column(String(100), default="")
    entered_at: Mapped[datetime]


class GoodsCost(Record):
    """What a piece of a product costs the shop from a day on; used where the shop doesn't tell it with the order."""

    __tablename__ = "ecrm_goods_cost"

    product: Mapped[str] = mapped_column(String(64), primary_key=True)
    since: Mapped[date] = mapped_column(primary_key=True)
    unit_minor: Mapped[int] = mapped_column(BigInteger)


class SearchReportDay(Record):
    """An imported row of a search engine's own report: a term on a day. `kind`: `paid` (search terms) or `organic`.

    `position` is the average position in hundredths, where the report has one. An empty `term` is the day's sum over
    all terms, also those that the engine doesn't name; it isn't one more term to be added to the others. `campaign`
    tells paid terms apart; in a report that names no days it is `since <first day>`, and `day` the last of them.
    """

    __tablename__ = "ecrm_search_report_day"

    engine: Mapped[str] = mapped_column(String(20), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    term: Mapped[str] = mapped_column(String(100), primary_key=True)
    campaign: Mapped[str] = mapped_column(String(100), primary_key=True, default="")
    clicks: Mapped[int] = mapped_column(default=0)
    impressions: Mapped[int] = mapped_column(default=0)
    cost_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    position: Mapped[int | None]


def found(
    session: Session,
    *,
    code: str,
    name: str,
    channel: str,
    first_day: date,
    last_day: date | None,
    now: datetime,
    reached: int | None = None,
    codes: Sequence[str] = (),
) -> Campaign:
    """Found a campaign, or find the one of this code; `codes` that nobody owns become its own. Commits nothing.

    For shops that know their campaigns already: said again, it only adds codes, and what somebody changed in the
    console meanwhile stays.

    Raises:
        ValueError: the code is empty, or the channel isn't one of `CAMPAIGN_CHANNELS`.
    """
    folded = folded_code(code)
    if not folded or channel not in CAMPAIGN_CHANNELS:
        raise ValueError(f"campaign {name!r}: needs a code, and a channel of {', '.join(CAMPAIGN_CHANNELS)}")
    values = {
        "code": folded, "name": name[:120], "channel": channel, "first_day": first_day, "last_day": last_day,
        "reached": reached, "landing_path": "/", "note": "", "created_at": now,
    }  # fmt: skip
    insert_once(session, Campaign, values)
    campaign = session.scalars(select(Campaign).where(Campaign.code == folded)).one()
    for one in sorted({folded_code(one) for one in codes} - {""}):
        insert_once(session, CampaignCode, {"code": one, "campaign_id": campaign.id})
    return campaign
