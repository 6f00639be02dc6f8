"""A model on disk is whole or it isn't there."""

from pathlib import Path

import numpy as np
import pytest

from recommender import artefact
from recommender.model import NEW, NEXT, LearntModel, learn_model
from recommender.together import Together

from .shops import shop_of


@pytest.fixture(scope="module")
def model() -> LearntModel:
    """Ten customers."""
    return learn_model(shop_of(10))


def test_what_is_loaded_is_what_was_learnt(model: LearntModel, tmp_path: Path) -> None:
    known = model.sources.known
    artefact.publish(model, Together(known), folder=tmp_path, name="2026-11-22", about={"lines": 7})

    name = artefact.present_name(tmp_path)
    assert name == "2026-11-22"
    loaded = artefact.load(tmp_path, name)

    assert loaded.about == {"lines": 7}
    for task in (NEXT, NEW):
        wanted = model.ranked(np.array([4], np.int32), task, n=5).products[0]
        assert loaded.of_customer(known.customers[4], task.name, n=5).tolist() == wanted[wanted >= 0].tolist()
    assert isinstance(loaded.lists["next"], np.memmap)
    assert loaded.together.shape == (len(known.products), artefact.TOGETHER)
    assert len(loaded.popular)


def test_a_stranger_has_no_list(model: LearntModel, tmp_path: Path) -> None:
    artefact.publish(model, Together(model.sources.known), folder=tmp_path, name="a", about={})

    assert artefact.load(tmp_path, "a").of_customer(999, "next", n=5).tolist() == []


def test_a_model_is_served_only_once_it_is_pointed_at_and_the_way_back_is_one_step(
    model: LearntModel, tmp_path: Path
) -> None:
    together = Together(model.sources.known)
    artefact.publish(model, together, folder=tmp_path, name="a", about={})
    artefact.write(model, together, folder=tmp_path, name="b", about={})

    assert artefact.present_name(tmp_path) == "a"
    artefact.point_at(tmp_path, "b")
    artefact.point_at(tmp_path, "a")
    assert artefact.present_name(tmp_path) == "a"
    with pytest.raises(FileNotFoundError, match="those there are: a, b"):
        artefact.point_at(tmp_path, "c")
    with pytest.raises(FileExistsError, match="another name"):
        artefact.write(model, together, folder=tmp_path, name="b", about={})


def test_what_a_killed_trainer_left_is_no_model_and_is_swept(model: LearntModel, tmp_path: Path) -> None:
    artefact.publish(model, Together(model.sources.known), folder=tmp_path, name="a", about={})
    (tmp_path / f"{artefact.UNFINISHED}b-1").mkdir()

    assert artefact.names(tmp_path) == ["a"]
    artefact.prune(tmp_path, keep=1)
    assert [one.name for one in tmp_path.iterdir() if one.is_dir()] == ["a"]


def test_the_present_model_survives_the_pruning_whatever_its_age(model: LearntModel, tmp_path: Path) -> None:
    together = Together(model.sources.known)
    for name in "abc":
        artefact.write(model, together, folder=tmp_path, name=name, about={})
    artefact.point_at(tmp_path, "a")

    assert artefact.prune(tmp_path, keep=1) == ["b"]
    assert artefact.names(tmp_path) == ["a", "c"]


def test_an_empty_shop_has_an_empty_model(tmp_path: Path) -> None:
    nothing = shop_of(0)
    artefact.publish(learn_model(nothing), Together(nothing), folder=tmp_path, name="a", about={})

    assert artefact.load(tmp_path, "a").of_customer(1, "next", n=5).tolist() == []
