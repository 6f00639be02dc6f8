"""Trainings of a plugged-in shop: in this process or in one of their own, and what is asked of the shop for them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from ecrm import ProductFacts
from ecrm.installation import Installation
from ecrm.scheduler import run_job
from ecrm.timetable import job_named
from ecrm.training import TrainingFailed, train_apart, train_models
from recommender.store import ModelKind
from tests.ecrm.slots_host import GardenShop, customer, order

KINDS = "learnt from 5 lines of 2 orders by 2 customers"


class CataloguedShop(GardenShop):
    """Says what it lists, and may be younger than a model."""

    new: tuple[str, ...] = ()

    def catalogue(self) -> Iterator[ProductFacts]:
        for name in (*self.cards, *self.new):
            yield ProductFacts(product_id=name, text=f"a {name} for the garden", brand="Greenfinger")

    def arrivals(self, since: datetime) -> list[ProductFacts]:
        return [ProductFacts(product_id=name, text=name) for name in self.new]


@pytest.fixture
def shop() -> CataloguedShop:
    return CataloguedShop()


@pytest.fixture
def sales(plugin: Installation) -> Iterator[None]:
    """Two customers; and an app context, as a job has one."""
    with plugin.sessions.begin() as session:
        order(session, customer(session, "ada"), ["rake", "spade", "hose"], days_ago=2)
        order(session, customer(session, "bob"), ["seed", "pot"], days_ago=1)
    with plugin.app.app_context():
        yield


@pytest.mark.usefixtures("sales")
def test_the_job_trains_in_a_process_of_its_own_and_pages_know_it_at_once(plugin: Installation) -> None:
    assert plugin.models.present() is None

    said = run_job(plugin, job_named("learn"))

    assert KINDS in said
    assert "published" in said
    present = plugin.models.present()
    assert present is not None
    assert set(present.products) == set(plugin.storefront.cards)  # type: ignore[attr-defined]
    assert said.startswith(present.name)


@pytest.mark.usefixtures("sales")
def test_a_refresh_starts_no_process_where_nothing_happened(plugin: Installation, shop: CataloguedShop) -> None:
    refresh = job_named("refresh")
    assert run_job(plugin, refresh) == "nothing was refreshed: no model was trained yet"
    train_models(plugin)
    assert run_job(plugin, refresh) == "nothing was refreshed: nobody ordered since, and nothing is new"

    shop.new = ("trowel",)
    assert "refresh: learnt from 5 lines" in run_job(plugin, refresh)
    present = plugin.models.present()
    assert present is not None
    assert "trowel" in present.products


@pytest.mark.usefixtures("sales")
def test_a_training_that_fails_says_why_and_changes_nothing(plugin: Installation) -> None:
    train_models(plugin)
    before = plugin.models.present()
    blocked = plugin.models.folder / ".training"
    blocked.unlink()
    blocked.mkdir()

    with pytest.raises(TrainingFailed, match=r"the training failed: IsADirectoryError.*"):
        train_apart(plugin, ModelKind.FULL)

    assert plugin.models.present() is before


def test_a_shop_without_a_catalogue_is_asked_for_what_it_sold(plugin: Installation, sales: None) -> None:
    host_without = GardenShop()
    plugin.storefront = host_without

    train_models(plugin)

    present = plugin.models.present()
    assert present is not None
    assert sorted(present.products) == ["hose", "pot", "rake", "seed", "spade"]
    assert present.brands == ["Greenfinger"]
    assert datetime.now(UTC) - datetime.fromisoformat(present.about["trained_at"]) < timedelta(minutes=5)
