"""Products described alike."""

from __future__ import annotations

import os
import subprocess
import sys

NUMBERED = """
from recommender.candidates.content import described
from recommender.catalogue import Catalogue, Description
words = ["red tin lantern", "blue tin lantern", "red paper lantern", "tea towel", "red tea towel"]
terms = described(Catalogue.of(list("abcde"), {name: Description(text=text) for name, text in zip("abcde", words)}))
print(terms.indices.tolist(), terms.data.tolist())
"""


def test_the_same_catalogue_is_described_the_same_in_every_process() -> None:
    said = {
        subprocess.run(
            [sys.executable, "-c", NUMBERED],
            env=os.environ | {"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2", "3")
    }

    assert len(said) == 1
