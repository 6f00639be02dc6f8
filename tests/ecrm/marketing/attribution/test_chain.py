"""Chains: what a customer's diary and a booking give at once is what looking at every touch gives."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from operator import itemgetter

from hypothesis import given
from hypothesis import strategies as st

from ecrm.marketing.attribution.chain import Chain, Diary, Touch, Trail, explained
from ecrm.marketing.attribution.models import Model, shares
from ecrm.marketing.attribution.order_facts import OrderFacts
from ecrm.marketing.attribution.postings import Bill, Money, division_of, postings_of
from ecrm.marketing.attribution.rules import Rules
from ecrm.marketing.attribution.visits import SeenVisit

from .town import NOON

RULES = [
    Rules(zone="UTC"),
    Rules(zone="UTC", window=timedelta(days=2), email_window=timedelta(days=9)),
    Rules(zone="UTC", window=timedelta(days=9), email_window=timedelta(days=1)),
]
hours = st.integers(0, 14 * 24)
visits = st.lists(
    st.tuples(hours, st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["email", "referral"])), max_size=3)),
    max_size=8,
)


@given(visits, hours, st.sampled_from(RULES))
def test_the_diary_counts_what_looking_at_every_touch_counts(
    made: list[tuple[int, list[tuple[int, str]]]], ordered: int, rules: Rules
) -> None:
    trails = []
    for number, (start, sources) in enumerate(made, start=1):
        began = NOON + timedelta(hours=start)
        touches = [
            Touch(began + timedelta(hours=later), channel, len(channel), 10 * number + place, number)
            for place, (later, channel) in enumerate(sources)
        ]
        trails.append(Trail(SeenVisit(number, 1, began, False), tuple(touches)))
    order = OrderFacts(1, "A1", 1, None, NOON + timedelta(hours=ordered), (), True)
    assert Diary(trails).counted(order, rules) == explained(order, trails, rules).touches


SOURCES = {None: "direct", 1: "email", 2: "referral"}
WEIGHTS = {"email": 700_000, "referral": 300_000}


@given(
    st.lists(st.tuples(st.integers(0, 30), st.sampled_from([None, 1, 2])), min_size=1, max_size=7),
    st.sampled_from([{}, WEIGHTS]),
)
def test_every_model_posts_to_a_source_what_it_gives_to_its_touches(
    path: list[tuple[int, int | None]], weights: dict[str, int]
) -> None:
    touches = tuple(Touch(NOON + timedelta(hours=at), SOURCES[id_], id_) for at, id_ in sorted(path, key=itemgetter(0)))
    postings = postings_of(Bill(1, NOON.date(), Money(9_999)), division_of(Chain(touches), weights))
    for model in Model:
        wanted: Counter[int | None] = Counter()
        for touch, part in zip(touches, shares(model, [touch.contact for touch in touches], weights), strict=True):
            wanted[touch.source_id] += part
        mine = [one for one in postings if one.models & model.bit]
        assert {one.source_id: one.share_ppm for one in mine} == +wanted
        assert sum(one.amount_minor for one in mine) == 9_999
