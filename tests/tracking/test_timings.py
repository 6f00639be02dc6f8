"""Buckets of milliseconds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.clickstream.timings import EDGES, MAX_MILLISECONDS, bounds_of, bucket_of


@given(st.integers(0, MAX_MILLISECONDS - 1))
def test_every_time_lies_in_its_bucket_and_a_bucket_is_a_tenth_wide_at_most(milliseconds: int) -> None:
    low, high = bounds_of(bucket_of(milliseconds))
    assert low <= milliseconds < high
    assert high - low <= max(1, low / 10)


@pytest.mark.parametrize(("milliseconds", "bucket"), [(-5, 0), (0, 0), (10**12, len(EDGES) - 1)])
def test_what_is_beyond_the_edges_counts_in_the_outer_buckets(milliseconds: int, bucket: int) -> None:
    assert bucket_of(milliseconds) == bucket
