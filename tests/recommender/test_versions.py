"""A model of an older version is neither served nor refreshed by chance: a training follows."""

from __future__ import annotations

import json
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy.orm import Session, sessionmaker

from recommender import artefact
from recommender.artefact_writing import write
from recommender.candidates.session_fitting import ClickLog, fit
from recommender.loading import ModelShelf
from recommender.material import Shop
from recommender.model import TASKS, learn_model
from recommender.refresh_due import what_is_due
from recommender.refreshing import refresh
from recommender.store import Model, ModelKind, State, present_model
from recommender.together import Together
from recommender.training import train

from .purchases import NOW, checkerboard, customer, order
from .shops import shop_of

OF_LAYOUT = {1: "b72224f8156e"}
"""What the columns and files of each layout are; only ever added to."""


@pytest.fixture
def shop(sessions: sessionmaker[Session], tmp_path: Path) -> Shop:
    """It has trained, and somebody has ordered since."""
    shop = Shop(folder=tmp_path / "models")
    with sessions() as session:
        checkerboard(session)
    train(sessions, shop, NOW)
    with sessions.begin() as session:
        order(session, customer(session, "newcomer"), ["tea"], days_ago=-1 / 300)
    return shop


LATER = NOW + timedelta(minutes=10)


def due(sessions: sessionmaker[Session], shop: Shop, *, days: float = 0) -> tuple[ModelKind | None, str]:
    with sessions() as session:
        present = present_model(session)
        return what_is_due(session, present, LATER + timedelta(days=days), folder=shop.folder, arrivals=False)


def of_older_code(place: Path) -> None:
    about = json.loads((place / "about.json").read_text())
    (place / "about.json").write_text(json.dumps(about | {"layout": 0}))


def test_other_columns_or_files_are_another_layout(tmp_path: Path) -> None:
    known = shop_of(4)
    model = learn_model(known)
    log = ClickLog(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1], np.int32), np.arange(4.0))
    place = write(model, Together(known), folder=tmp_path, name="a", about={}, session=fit(log, products=60))

    columns = [name for task in TASKS for name in model.features.names(new=task.new)]
    files = sorted(one.name for one in place.iterdir())

    found = sha256("\n".join([*columns, *files]).encode()).hexdigest()[:12]
    assert found == OF_LAYOUT[artefact.LAYOUT], "columns or files have changed: raise LAYOUT and add its hash here"


def test_a_refresh_follows_rankings_of_this_version(sessions: sessionmaker[Session], shop: Shop) -> None:
    assert due(sessions, shop) == (ModelKind.REFRESH, "")


def test_rankings_of_another_layout_are_not_used_again_and_a_full_training_follows(
    sessions: sessionmaker[Session], shop: Shop
) -> None:
    name = artefact.load(shop.folder, "20261120-000000-full").name
    of_older_code(shop.folder / name)

    said = refresh(sessions, shop, LATER)

    assert said == (
        f"nothing was refreshed: {name} was learnt by an older version of this software, "
        "which ranks by other columns; a full training is due"
    )
    assert ModelShelf(sessions, shop.folder).present() is not None  # its lists are still good
    assert due(sessions, shop) == (ModelKind.FULL, "")
    report = train(sessions, shop, LATER)
    assert report.published
    assert due(sessions, shop) == (None, "nobody ordered since, and nothing is new")


def test_a_full_training_that_was_refused_waits_for_the_night(sessions: sessionmaker[Session], shop: Shop) -> None:
    of_older_code(shop.folder / "20261120-000000-full")
    with sessions.begin() as session:
        session.add(Model(name="refused", kind=ModelKind.FULL, trained_at=NOW, state=State.REJECTED))

    kind, because = due(sessions, shop)

    assert kind is None
    assert "older version" in because
    assert due(sessions, shop, days=1)[0] is ModelKind.FULL


@pytest.mark.parametrize("lacking", ["popular.npy", "words.json", "about.json"])
def test_a_model_that_lacks_a_file_is_not_served_and_a_quick_one_follows(
    sessions: sessionmaker[Session], shop: Shop, lacking: str
) -> None:
    shelf = ModelShelf(sessions, shop.folder)
    held = shelf.present()
    place = shop.folder / "20261120-000000-full"
    (place / lacking).rename(place / "gone")

    assert ModelShelf(sessions, shop.folder).present() is None
    assert shelf.present() is held
    assert str(refresh(sessions, shop, LATER)).startswith("nothing was refreshed: ")
    assert due(sessions, shop) == (ModelKind.QUICK, "")
    report = train(sessions, shop, LATER, kind=ModelKind.QUICK)
    assert report.published
    assert ModelShelf(sessions, shop.folder).present() is not None
    assert due(sessions, shop)[0] is ModelKind.FULL


def test_visits_of_another_version_are_not_served(tmp_path: Path) -> None:
    known = shop_of(4)
    log = ClickLog(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1], np.int32), np.arange(4.0))
    visits = fit(log, products=60)
    place = write(learn_model(known), Together(known), folder=tmp_path, name="a", about={}, session=visits)
    about = json.loads((place / "about.json").read_text())
    for visits_of, why in (
        (about["session"] | {"arrays": ["bounds"]}, "missing"),
        ({**about["session"], "settings": {"weights": [1.0]}}, "1 weights"),
        ({**about["session"], "settings": {"something": 1}}, "something"),
    ):
        (place / "about.json").write_text(json.dumps(about | {"session": visits_of}))

        assert not artefact.readable(tmp_path, "a")
        with pytest.raises(artefact.UNREADABLE, match=why):
            artefact.load(tmp_path, "a")
