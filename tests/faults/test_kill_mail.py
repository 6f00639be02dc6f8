"""The short form of `make crash-mail`: some kills; the forty runs of twenty-five are that target's."""

from __future__ import annotations

import pytest

from tests.faults import kill_mail
from tests.faults.verdict import wrong


@pytest.mark.sqlite_only
@pytest.mark.timeout(280)
def test_whoever_is_killed_nobody_is_written_to_twice_or_forgotten() -> None:
    result = kill_mail.run(cycles=1, kills=6)
    assert result["e-mails taken (for information)"] >= kill_mail.RECIPIENTS - 6
    assert wrong(result) == {}
