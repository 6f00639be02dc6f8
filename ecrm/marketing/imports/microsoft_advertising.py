"""Microsoft Advertising: a campaign performance report, aggregated by day, as CSV.

About ten lines above the headings (name, time, time zone, filter, number of rows …), a copyright line and often totals
below; days as 11/20/2026 or 2026-11-20, as the account's language has it; ids may stand in brackets. Column names:
"CampaignPerformanceReportColumn" of the reporting service; in the browser they have spaces.
"""

from __future__ import annotations

from .advertisers import Advertiser
from .export import Heading

_NO_ROWS = ("total", "gesamt", "overall total", "©", "@20")

MICROSOFT_ADS = Advertiser(
    kind="microsoft_ads",
    label="Microsoft Advertising",
    channel="paid_search",
    source="bing",
    headings=(
        Heading("day", ("gregorian date", "time period", "day", "date", "datum", "tag"), needed=True),
        Heading("campaign", ("campaign name", "campaign", "kampagnenname", "kampagne"), needed=True),
        Heading("amount", ("spend", "cost", "ausgaben"), needed=True),
        Heading("currency", ("currency code", "currency", "währungscode", "währung")),
        Heading("campaign_id", ("campaign id", "kampagnen-id")),
        Heading("account", ("account number", "account id", "account name", "kontonummer", "kontoname")),
        Heading("clicks", ("clicks", "klicks")),
        Heading("impressions", ("impressions", "impr.", "impressionen")),
    ),
    total=lambda campaign: campaign.casefold().startswith(_NO_ROWS),
    comma_headings=("ausgaben", "kampagnenname", "klicks"),
)
