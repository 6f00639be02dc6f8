"""Audiences in memory give the words of the database, also of those that came later."""

from __future__ import annotations

import numpy as np
from sqlalchemy import insert
from sqlalchemy.orm import Session

from ecrm.marketing.audiences import GONE, audiences, facts_of
from ecrm.marketing.segment import Segment, audiences_within
from tracking.clickstream.dimensions import Audience, Source


def audience(session: Session, channel: str, campaign: str, *, device: str = "mobile", returning: bool = False) -> int:
    source = session.scalars(
        insert(Source).returning(Source.id),
        [{
            "channel": channel, "source": "x", "medium": "", "campaign": campaign, "term": "", "content": "",
            "click_id": f"{device}{returning}",
        }],
    ).one()  # fmt: skip
    row = {"source_id": source, "device": device, "country": "DE", "is_returning": returning}
    return session.scalars(insert(Audience).returning(Audience.id), [row]).one()


def test_facts_come_in_the_order_asked_for_and_later_ones_are_found_too(session: Session) -> None:
    first, second = audience(session, "email", "may"), audience(session, "direct", "", returning=True)
    assert [(one.channel, one.visitors) for one in facts_of(session, [second, first, second])] == [
        ("direct", "returning"), ("email", "new"), ("direct", "returning"),
    ]  # fmt: skip
    third = audience(session, "email", "june")
    assert [one.campaign for one in facts_of(session, [third, first, 10**12])] == ["june", "may", ""]
    assert facts_of(session, [10**12]) == [GONE]
    assert facts_of(session, []) == []


def test_a_segment_in_memory_holds_what_the_database_says(session: Session) -> None:
    ids = [
        audience(session, channel, campaign, device=device, returning=returning)
        for channel in ("email", "direct")
        for campaign in ("may", "")
        for device in ("mobile", "desktop")
        for returning in (False, True)
    ]
    for segment in (
        Segment(), Segment(channel="email"), Segment(channel="email", campaign=""), Segment(visitors="returning"),
        Segment(device="desktop", visitors="new"), Segment(channel="sms"), Segment(campaign="may", country="DE"),
    ):  # fmt: skip
        found = np.array(ids)[audiences(session, np.array(ids)).within(segment)]
        assert set(found.tolist()) == set(session.scalars(audiences_within(segment))), segment


def test_groups_are_named_by_the_combinations_that_occur(session: Session) -> None:
    ids = np.array([audience(session, *one) for one in (("email", "may"), ("sms", "may"), ("email", "june"))])
    names, group = audiences(session, np.append(ids, ids[0])).grouped_by(("channel", "campaign"))
    assert [names[place] for place in group] == [
        ("email", "may"), ("sms", "may"), ("email", "june"), ("email", "may"),
    ]  # fmt: skip
    assert len(names) == 3
