"""The short form of `make crash`: a dozen kills; the hundred are run by that target."""

from __future__ import annotations

import pytest

from tests.faults import kill_checkout
from tests.faults.verdict import wrong


@pytest.mark.sqlite_only
@pytest.mark.timeout(240)
def test_a_killed_server_loses_no_confirmed_order_and_makes_none_twice() -> None:
    result = kill_checkout.run(cycles=12)
    assert result.pop("orders (for information)") >= 12
    assert wrong(result) == {}
