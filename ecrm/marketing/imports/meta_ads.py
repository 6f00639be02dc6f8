"""Meta Ads (Facebook, Instagram): "Export table data" of the campaigns, broken down by day, as CSV.

The currency stands in the heading ("Amount spent (EUR)"); a first row without a campaign is the total; without the
breakdown by day there are only "Reporting starts" and "Reporting ends", which are a day where both are the same. Column
names: Meta Business Help Centre, "Ads Manager: metrics". Clicks are those on links.
"""

from __future__ import annotations

from .advertisers import Advertiser
from .export import Heading

META_ADS = Advertiser(
    kind="meta_ads",
    label="Meta Ads",
    channel="paid_social",
    source="facebook",
    headings=(
        Heading("campaign", ("campaign name", "kampagnenname"), needed=True),
        Heading(
            "amount",
            ("amount spent (", "amount spent", "ausgegebener betrag (", "ausgegebener betrag"),
            needed=True,
            starts=True,
        ),
        Heading("day", ("day", "tag")),
        Heading("first_day", ("reporting starts", "berichtsstart", "auswertungsstart")),
        Heading("last_day", ("reporting ends", "berichtsende", "auswertungsende")),
        Heading("currency", ("currency", "währung")),
        Heading("campaign_id", ("campaign id", "kampagnen-id")),
        Heading("account", ("account id", "account name", "konto-id", "kontoname")),
        Heading("clicks", ("link clicks", "link-klicks", "clicks (all)", "klicks (alle)")),
        Heading("impressions", ("impressions", "impressionen")),
    ),
    total=lambda campaign: not campaign,
    comma_headings=("kampagnenname",),
)
