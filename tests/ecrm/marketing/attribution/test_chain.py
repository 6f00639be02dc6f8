"""Chains: what a customer's diary gives at once is what looking at every touch gives."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from ecrm.marketing.attribution.chain import Diary, Touch, Trail, explained
from ecrm.marketing.attribution.order_facts import OrderFacts
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
