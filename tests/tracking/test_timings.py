"""Buckets of milliseconds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.clickstream.timings import EDGES, MAX_MILLISECONDS, bounds_of, bucket_of, percentile


@given(st.integers(0, MAX_MILLISECONDS - 1))
def test_every_time_lies_in_its_bucket_and_a_bucket_is_a_tenth_wide_at_most(milliseconds: int) -> None:
    low, high = bounds_of(bucket_of(milliseconds))
    assert low <= milliseconds < high
    assert high - low <= max(1, low / 10)


@pytest.mark.parametrize(("milliseconds", "bucket"), [(-5, 0), (0, 0), (10**12, len(EDGES) - 1)])
def test_what_is_beyond_the_edges_counts_in_the_outer_buckets(milliseconds: int, bucket: int) -> None:
    assert bucket_of(milliseconds) == bucket


def test_a_percentile_is_read_off_the_counts() -> None:
    views = {bucket_of(10): 50, bucket_of(20): 45, bucket_of(500): 5}
    assert percentile(views, 0.5) == 10
    assert percentile(views, 0.95) == 20
    low, high = bounds_of(bucket_of(500))
    assert low <= (percentile(views, 0.99) or 0) < high
    assert percentile({}, 0.5) is None
