"""Who should hear of a new product: worked out in a training for what came of late, on demand for anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from recommender.artefact import Artefact
from recommender.catalogue import Description
from recommender.hearing import UnknownProduct, who_should_hear
from recommender.loading import ModelShelf
from recommender.material import Shop
from recommender.store import ModelKind
from recommender.training import train

from .purchases import NOW, customer, order

LEAF, TOOL = "green tea leaves", "steel tool bench"
KNOWN = {"tea": Description(text=LEAF), "saw": Description(text=TOOL)}
NEW = {"oolong": Description(text=LEAF, age=3.0), "plane": Description(text=TOOL, age=59.0)}
OLD = {"sencha": Description(text=LEAF, age=61.0)}


@pytest.fixture
def drinker(sessions: sessionmaker[Session]) -> int:
    """Buys tea; another one buys saws as often."""
    with sessions.begin() as session:
        buyer, other = customer(session, "drinker"), customer(session, "joiner")
        for days in (5, 25, 50):
            order(session, buyer, ["tea"], days_ago=days)
            order(session, other, ["saw"], days_ago=days)
    return buyer


def trained(
    sessions: sessionmaker[Session],
    folder: Path,
    *,
    kind: ModelKind = ModelKind.FULL,
    unwanted: tuple[int, str] | None = None,
) -> Artefact:
    shop = Shop(folder=folder, descriptions=KNOWN | NEW | OLD, unwanted=[unwanted] if unwanted else [])
    train(sessions, shop, NOW, kind=kind)
    present = ModelShelf(sessions, folder).present()
    assert present is not None
    return present


def test_who_bought_what_is_like_it_hears_first_and_the_reason_names_it(
    sessions: sessionmaker[Session], tmp_path: Path, drinker: int
) -> None:
    heard = trained(sessions, tmp_path).should_hear("oolong")

    assert heard is not None
    assert heard[0] == (drinker, "tea")
    assert heard[1][1] == ""


def test_a_training_lists_what_came_within_sixty_days_and_nothing_else(
    sessions: sessionmaker[Session], tmp_path: Path, drinker: int
) -> None:
    present = trained(sessions, tmp_path)

    assert present.should_hear("plane") is not None
    assert [present.should_hear(one) for one in ("sencha", "tea", "unheard of")] == [None, None, None]


def test_who_does_not_want_it_does_not_hear_of_it(
    sessions: sessionmaker[Session], tmp_path: Path, drinker: int
) -> None:
    heard = trained(sessions, tmp_path, unwanted=(drinker, "oolong")).should_hear("oolong")

    assert heard is not None
    assert drinker not in [who for who, _like in heard]


def test_a_quick_model_makes_no_list(sessions: sessionmaker[Session], tmp_path: Path, drinker: int) -> None:
    assert trained(sessions, tmp_path, kind=ModelKind.QUICK).should_hear("oolong") is None


def test_on_demand_it_answers_for_any_product_without_its_buyers(
    sessions: sessionmaker[Session], tmp_path: Path, drinker: int
) -> None:
    shop = Shop(folder=tmp_path, descriptions=KNOWN | NEW | OLD)

    assert who_should_hear(sessions, shop, NOW, product="sencha", n=1) == [(drinker, "tea")]
    assert drinker not in [one.customer for one in who_should_hear(sessions, shop, NOW, product="tea", n=5)]
    with pytest.raises(UnknownProduct, match="cocoa"):
        who_should_hear(sessions, shop, NOW, product="cocoa", n=5)
