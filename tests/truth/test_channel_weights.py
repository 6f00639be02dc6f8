"""The weights of the data-driven model, against removal effects found by letting made-up walkers go step by step."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from ecrm.marketing.attribution.data_driven import removal_weights

CHANNELS = ("email", "paid_search", "post", "referral")
PATHS = st.dictionaries(
    st.lists(st.sampled_from(CHANNELS), min_size=1, max_size=4).map(tuple), st.integers(1, 40), min_size=1, max_size=6
)


def chance_of_an_order(steps: pd.DataFrame, without: str) -> float:
    """Walk on until hardly anybody is on the way; whoever reaches the channel that isn't there leaves."""
    here: Counter[str] = Counter({"start": 1.0})
    ordered = 0.0
    while sum(here.values()) > 1e-15:
        there: Counter[str] = Counter()
        for place, people in here.items():
            for state, share in steps.loc[place].items():
                if share and state == "order":
                    ordered += people * share
                elif share and state not in ("nothing", without):
                    there[str(state)] += people * share
        here = there
    return ordered


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(converting=PATHS, ending=PATHS)
def test_weights_are_the_removal_effects_of_a_walk(
    converting: dict[tuple[str, ...], int], ending: dict[tuple[str, ...], int]
) -> None:
    counts: Counter[tuple[str, str]] = Counter()
    for paths, end in ((converting, "order"), (ending, "nothing")):
        for path, times in paths.items():
            for pair in pairwise(("start", *path, end)):
                counts[pair] += times
    frame = pd.Series(counts).unstack(fill_value=0)
    steps = frame.div(frame.sum(axis=1), axis=0)
    whole = chance_of_an_order(steps, "")
    channels = sorted({channel for path in (*converting, *ending) for channel in path})
    effects = {channel: max(1 - chance_of_an_order(steps, channel) / whole, 0.0) for channel in channels}
    weights = removal_weights(converting, ending)
    assert sum(weights.values()) == 1_000_000
    for channel in channels:
        assert abs(weights[channel] - 1_000_000 * effects[channel] / sum(effects.values())) < 1.01
