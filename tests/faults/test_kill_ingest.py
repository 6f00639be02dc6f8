"""The short form of `make crash-ingest`: some kills; the hundred are run by that target."""

from __future__ import annotations

import pytest

from tests.faults import kill_ingest
from tests.faults.verdict import wrong


@pytest.mark.sqlite_only
@pytest.mark.timeout(240)
def test_a_killed_server_loses_no_acknowledged_message_and_counts_none_twice() -> None:
    result = kill_ingest.run(cycles=8)
    assert result.pop("acknowledged (for information)") >= 100
    assert wrong(result) == {}
