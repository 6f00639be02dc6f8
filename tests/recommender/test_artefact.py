"""A model on disk is whole or it isn't there."""

from pathlib import Path

import numpy as np
import pytest

from recommender import artefact, folders
from recommender.artefact_writing import write
from recommender.model import NEW, NEXT, LearntModel, learn_model
from recommender.reasons import Code
from recommender.together import Together

from .shops import shop_of


@pytest.fixture(scope="module")
def model() -> LearntModel:
    """Ten customers."""
    return learn_model(shop_of(10))


def test_what_is_loaded_is_what_was_learnt(model: LearntModel, tmp_path: Path) -> None:
    known = model.sources.known
    write(model, Together(known), folder=tmp_path, name="2026-11-22", about={"lines": 7})

    loaded = artefact.load(tmp_path, folders.names(tmp_path)[0])

    assert loaded.about == {"lines": 7}
    for task in (NEXT, NEW):
        for row, customer in enumerate(known.customers):  # one by one, while the lists were made all at once
            wanted = model.ranked(np.array([row], np.int32), task, n=5).products[0]
            assert loaded.of_customer(customer, task.name, n=5).tolist() == wanted[wanted >= 0].tolist()
    assert isinstance(loaded.lists["next"].products.base, np.memmap)
    assert loaded.session is None
    assert len(loaded.popular)
    assert loaded.number["p3"] == 3


def test_a_stored_reason_is_a_place_in_the_enumeration(model: LearntModel, tmp_path: Path) -> None:
    write(model, Together(model.sources.known), folder=tmp_path, name="a", about={})

    lists = artefact.load(tmp_path, "a").lists["next"]

    codes = {artefact.CODES[one] for one in lists.why[lists.products >= 0].tolist()}
    assert Code.OFTEN in codes
    assert codes <= {Code.AGAIN, Code.OFTEN, Code.BECAUSE, Code.SIMILAR, Code.POPULAR}


def test_a_stranger_has_no_list(model: LearntModel, tmp_path: Path) -> None:
    write(model, Together(model.sources.known), folder=tmp_path, name="a", about={})

    assert artefact.load(tmp_path, "a").of_customer(999, "next", n=5).tolist() == []


def test_a_name_is_given_once(model: LearntModel, tmp_path: Path) -> None:
    together = Together(model.sources.known)
    write(model, together, folder=tmp_path, name="b", about={})

    with pytest.raises(FileExistsError, match="another name"):
        write(model, together, folder=tmp_path, name="b", about={})


def test_what_a_killed_trainer_left_is_no_model_and_is_swept(model: LearntModel, tmp_path: Path) -> None:
    for name in "abc":
        write(model, Together(model.sources.known), folder=tmp_path, name=name, about={})
    (tmp_path / f"{folders.UNFINISHED}d-1").mkdir()

    assert folders.names(tmp_path) == ["a", "b", "c"]
    assert folders.sweep(tmp_path, keep=["a", "c"]) == ["b"]
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a", "c"]


def test_an_empty_shop_has_an_empty_model(tmp_path: Path) -> None:
    nothing = shop_of(0)
    write(learn_model(nothing), Together(nothing), folder=tmp_path, name="a", about={})

    assert artefact.load(tmp_path, "a").of_customer(1, "next", n=5).tolist() == []
