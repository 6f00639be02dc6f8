"""Google Ads: "Download" → CSV of the campaigns table or of a report, segmented by day.

Two lines above the headings (the report's name and its dates), headings in the language of the account, rows of totals
at the end ("Total: Campaigns", in older files "Total"), " --" for nothing; "Excel .csv" is UTF-16 with tabs. Column
names: Google Ads Help, "Download your reports" and "About the columns in your statistics table".
"""

from __future__ import annotations

from .advertisers import Advertiser
from .export import Heading

_TOTALS = ("total", "gesamt", "--")

GOOGLE_ADS = Advertiser(
    kind="google_ads",
    label="Google Ads",
    channel="paid_search",
    source="google",
    headings=(
        Heading("day", ("day", "date", "tag", "datum"), needed=True),
        Heading("campaign", ("campaign", "campaign name", "kampagne"), needed=True),
        Heading("amount", ("cost", "kosten"), needed=True),
        Heading("currency", ("currency code", "currency", "währungscode", "währung")),
        Heading("campaign_id", ("campaign id", "kampagnen-id")),
        Heading("account", ("customer id", "account", "account name", "kundennummer", "konto", "kontoname")),
        Heading("clicks", ("clicks", "klicks")),
        Heading("impressions", ("impr.", "impressions", "impressionen", "impr")),
    ),
    total=lambda campaign: campaign.casefold().startswith(_TOTALS),
    comma_headings=("kosten", "kampagne", "klicks"),
)
