"""The demo's 27 campaigns: what the CRM shows of each, beside a reckoning straight from the package's tables.

make demo HOUSEHOLDS=100 && python -m bench.campaigns     # of the shop that was opened last; exits 1 if they differ
"""

from __future__ import annotations

import os
import re
import sys
from datetime import date

from sqlalchemy import select

from ecrm.installation import installation
from ecrm.marketing.campaigns import Campaign
from ecrm.marketing.period import Period
from ecrm.marketing.redemptions import Redemptions, redemptions_of
from shop.accounts.account import Account
from shop.app import create_app
from shop.database import db
from tests.shop.importing.journey_oracle import campaigns_of_the_package

ALWAYS = Period(date(2000, 1, 1), date(2100, 1, 1))
NOTHING = Redemptions(0, 0, 0, 0)


def main() -> None:
    """Print both, a line a campaign, and whether they agree."""
    os.environ.setdefault("SHOP_ENV", "demo")  # the shop that `make demo` opened
    app = create_app()
    with app.app_context():
        addresses = db.session.scalars(select(Account.email).where(Account.household.is_not(None))).all()
        households = {int(number) for address in addresses for number in re.findall(r"\.(\d+)@example\.com$", address)}
        crm = installation(app)
        with crm.sessions() as session:
            zone = crm.storefront.facts().time_zone
            shown = redemptions_of(session, ALWAYS, time_zone=zone)
            campaigns = {
                one.code: (one.name, shown.get(one.id, NOTHING)) for one in session.scalars(select(Campaign))
            }  # fmt: skip
    print(f"{'campaign':24} {'redeemed':>10} {'orders':>8} {'they paid':>14}   from the package's tables")
    agreed = True
    for number, answer in sorted(campaigns_of_the_package(households).items()):
        name, found = campaigns.get(f"completejourney-{number}", (f"{number}: no such campaign", NOTHING))
        figures = (found.redemptions, found.orders, found.revenue_minor)
        same = figures == answer.figures
        agreed = agreed and same
        redeemed, orders, minor = figures
        verdict = "the same" if same else f"DIFFERS: {answer.figures}"
        print(f"{name:24} {redeemed:>10,} {orders:>8,} {minor / 100:>14,.2f}   {verdict}")
    print("all agree to the cent" if agreed else "THEY DIFFER")
    sys.exit(0 if agreed else 1)


if __name__ == "__main__":
    main()
