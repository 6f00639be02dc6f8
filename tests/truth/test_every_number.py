"""Every number that a report shows equals a recount of what happened, in made-up worlds of a small shop.

A short form of `make truth`; TRUTH=200 sets the number of worlds, TRUTH_SEED which ones.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, seed, settings
from sqlalchemy.orm import Session

from ecrm.marketing.period import Period

from . import actual, actual_money, expected, expected_money
from .expected import Frames, Numbers
from .recount import Recount
from .shop import living
from .special import WHOLE_SHOP
from .worlds import World, worlds

WORLDS = int(os.environ.get("TRUTH", "10"))
SEED = int(os.environ.get("TRUTH_SEED", "1"))
SEGMENTS: tuple[Mapping[str, str], ...] = (
    {}, {"channel": "email"}, {"device": "desktop", "visitors": "new"}, {"campaign": "kites", "country": "DE"},
)  # fmt: skip
MEMORY = Path("/dev/shm")  # noqa: S108 (where there is one, a world's disk is memory: the disk isn't what is tested)


class Tally(Counter[str]):
    """What was compared: worlds, reports, numbers; and how many differed."""

    def __str__(self) -> str:
        return (
            f"{self['worlds']} data sets, {self['reports']} reports compared, {self['numbers']} numbers compared, "
            f"{self['differences']} differences"
        )

    def compare(self, wanted: Numbers, shown: Numbers) -> dict[object, object]:
        """What differs: name → (recounted, shown)."""
        names = wanted.keys() | shown.keys()
        self["reports"] += 1
        self["numbers"] += len(names)
        found = {name: (wanted.get(name), shown.get(name)) for name in names if wanted.get(name) != shown.get(name)}
        self["differences"] += len(found)
        return dict(sorted(found.items(), key=str))


@pytest.fixture(scope="module")
def tally(pytestconfig: pytest.Config) -> Iterator[Tally]:
    found = Tally()
    yield found
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print(f"\ntruth: {found}")  # noqa: T201 (the result of `make truth`)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        yield Path(name)


def reports(session: Session, frames: Frames, period: Period) -> Iterator[tuple[Numbers, Numbers]]:
    """Each report of a period: recounted, and as shown."""
    days, zone = (period.first, period.last), frames.recount.world.zone
    yield expected.overview(frames, *days), actual.overview(session, period)
    yield expected.site(frames, *days), actual.site(session, period)
    yield expected.goods(frames, *days), actual.goods(session, period, zone)
    for segment in SEGMENTS:
        yield expected.visits(frames, *days, segment), actual.visits(session, period, segment)
    yield expected_money.money(frames.recount, *days), actual_money.money(session, period, zone)


@seed(SEED)
@settings(
    max_examples=WORLDS, deadline=None, database=None, derandomize=False, print_blob=True,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@example(WHOLE_SHOP)
@given(worlds())
def every_number(database: Callable[[Path], str], folder: Path, tally: Tally, world: World) -> None:
    place = Path(tempfile.mkdtemp(dir=folder))
    try:
        with living(world, database(place), place) as shop:
            assert (shop.booked_twice.orders, shop.booked_twice.refunds) == (0, 0)
            frames = Frames(Recount(world))
            with shop.crm.sessions() as session, shop.kites.app.app_context():
                tally["worlds"] += 1
                for days in world.periods:
                    for wanted, shown in reports(session, frames, Period(*days)):
                        assert tally.compare(wanted, shown) == {}
    finally:
        shutil.rmtree(place)


@pytest.mark.timeout(0)
def test_every_number_is_what_a_recount_says(
    database_template: Callable[[Path], str], folder: Path, tally: Tally
) -> None:
    every_number(database_template, folder, tally)
