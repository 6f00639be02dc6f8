"""One learnt shop for all tests of serving."""

from pathlib import Path

import pytest

from recommender.artefact import Artefact
from recommender.interactions import Interactions

from .places import artefact_of, shop_with


@pytest.fixture(scope="session")
def shop() -> Interactions:
    """Forty customers, sixty products."""
    return shop_with()


@pytest.fixture(scope="session")
def model(shop: Interactions, tmp_path_factory: pytest.TempPathFactory) -> Artefact:
    """What was learnt of them, with visits."""
    folder: Path = tmp_path_factory.mktemp("models")
    return artefact_of(shop, folder)
