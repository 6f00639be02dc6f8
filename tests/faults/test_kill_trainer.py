"""The short form of `make crash-trainer`: some kills; the hundred are run by that target."""

from __future__ import annotations

import pytest

from tests.faults import kill_trainer
from tests.faults.verdict import wrong


@pytest.mark.sqlite_only
@pytest.mark.timeout(280)
def test_a_killed_trainer_leaves_the_last_good_model_to_whoever_asks() -> None:
    result = kill_trainer.run(cycles=4)
    assert result["answers (for information)"] >= 100
    assert wrong(result) == {}
