"""Printed addresses lead to the campaign's page with tags that are read as its channel, and nowhere else."""

from __future__ import annotations

from datetime import UTC, date, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from ecrm.marketing.campaign_drafts import CAMPAIGN_CHANNELS
from ecrm.marketing.campaigns import Campaign
from ecrm.marketing.tagged_links import SUGGESTED, channel_of, vanity_target
from tracking.clickstream.sources import origin_of


def tea(**more: object) -> Campaign:
    values = {
        "code": "tea & cake", "name": "Tea", "channel": "post", "first_day": date(2026, 11, 1), "vanity": "tea",
        "landing_path": "/d/tea?page=2", "created_at": datetime(2026, 11, 1, tzinfo=UTC),
    }  # fmt: skip
    return Campaign(**(values | more))


@pytest.mark.parametrize("channel", CAMPAIGN_CHANNELS)
def test_a_visit_by_the_address_counts_for_the_campaign_and_its_channel(channel: str) -> None:
    query = parse_qs(urlsplit(vanity_target(tea(channel=channel))).query)
    origin = origin_of({name: values[0] for name, values in query.items()})
    assert (origin.channel, origin.campaign) == (channel, "tea & cake")


@pytest.mark.parametrize("channel", CAMPAIGN_CHANNELS)
def test_the_suggested_tags_of_a_channel_are_read_as_that_channel(channel: str) -> None:
    assert channel_of(*SUGGESTED[channel], "tea") == channel


def test_the_word_leads_to_the_landing_page_however_it_is_written(
    client: FlaskClient, sessions: sessionmaker[Session]
) -> None:
    with sessions.begin() as session:
        session.add(tea())
    for word in ("tea", "TEA"):
        answer = client.get(f"/ecrm/go/{word}")
        assert answer.status_code == 302
        assert answer.headers["Location"] == (
            "/d/tea?page=2&utm_source=vanity&utm_medium=offline&utm_campaign=tea+%26+cake"
        )
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("word", ["unknown", "x" * 300, "%00", "%F0%9F%8D%B5", "..%2f", "//evil.example"])
def test_any_other_word_leads_home_and_never_away(client: FlaskClient, word: str) -> None:
    answer = client.get(f"/ecrm/go/{word}")
    assert answer.headers.get("Location", "/") in {
        "/",
        "/ecrm/go/evil.example",
        "http://localhost/ecrm/go/evil.example",
    }
    assert answer.status_code in {302, 308, 404}


def test_a_landing_page_that_is_another_site_is_never_followed(
    client: FlaskClient, sessions: sessionmaker[Session]
) -> None:
    with sessions.begin() as session:
        session.add(tea(landing_path="//evil.example/"))
    assert client.get("/ecrm/go/tea").headers["Location"] == "/"
