"""Products described alike."""

from __future__ import annotations

import os
import subprocess
import sys

from recommender.candidates.content import COMMON, alike, described
from recommender.catalogue import Catalogue, Description

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


def test_a_word_of_nearly_every_product_makes_none_alike() -> None:
    names = [str(one) for one in range(COMMON + 2)]
    kinds = {name: f"thing kind{'abcdefghij'[int(name) % 10]}" for name in names[:40]}
    texts = {name: Description(text=kinds.get(name, "thing")) for name in names}

    found = alike(described(Catalogue.of(names, texts)))

    assert {int(names[other]) % 10 for other in found[3].indices} == {3}
    assert found[50].nnz == 0, "all that is known of it is common"
