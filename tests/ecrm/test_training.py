"""Trainings of a plugged-in shop: in this process or in one of their own, and what is asked of the shop for them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from ecrm import ProductFacts
from ecrm.installation import Installation
from ecrm.recommending.choices import Choice, RecommendationChoice
from ecrm.scheduler import run_job
from ecrm.timetable import job_named
from ecrm.training import TrainingFailed, shop_of, train_apart, train_models
from recommender.deeds import KINDS
from recommender.material import read
from recommender.signals import Kind
from recommender.store import ModelKind
from tests.ecrm.slots_host import NOW, GardenShop, customer, order
from tracking.customers import Customer
from tracking.orders import SeenRefund, SeenRefundLine

SAID = "learnt from 5 lines of 2 orders by 2 customers"


class CataloguedShop(GardenShop):
    """Says what it lists, and may be younger than a model."""

    new: tuple[str, ...] = ()

    def catalogue(self) -> Iterator[ProductFacts]:
        for name in (*self.cards, *self.new):
            yield ProductFacts(product_id=name, text=f"a {name} for the garden", brand="Greenfinger")

    def arrivals(self, since: datetime) -> list[ProductFacts]:
        return [ProductFacts(product_id=name, text=name) for name in self.new]


class SilentShop(GardenShop):
    """Can't say what it lists."""

    catalogue = None  # type: ignore[assignment]


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

    assert SAID in said
    assert "published" in said
    present = plugin.models.present()
    assert present is not None
    assert set(present.products) == set(plugin.storefront.cards)  # type: ignore[attr-defined]
    assert said.startswith(present.name)


def test_a_shop_that_nobody_ordered_from_trains_nothing(plugin: Installation) -> None:
    assert run_job(plugin, job_named("refresh")) == "nothing was trained: nobody has ordered yet"


@pytest.mark.usefixtures("sales")
def test_first_orders_get_a_quick_model_then_a_full_one_and_then_only_what_happened_counts(
    plugin: Installation, shop: CataloguedShop
) -> None:
    refresh = job_named("refresh")
    assert "-quick: learnt from 5 lines" in run_job(plugin, refresh)
    assert "-full: learnt from 5 lines" in run_job(plugin, refresh)
    assert run_job(plugin, refresh) == "nothing was trained: nobody ordered since, and nothing is new"

    shop.new = ("trowel",)
    assert "-refresh: learnt from 5 lines" in run_job(plugin, refresh)
    present = plugin.models.present()
    assert present is not None
    assert "trowel" in present.products


@pytest.mark.usefixtures("sales")
def test_what_customers_did_beside_buying_is_learnt_from(plugin: Installation) -> None:
    with plugin.sessions.begin() as session:
        ada = session.scalars(select(Customer.id).where(Customer.reference == "ada")).one()
        session.add(RecommendationChoice(customer_id=ada, product="pot", choice=Choice.NOT_INTERESTED, chosen_at=NOW))
        refunded = SeenRefund(reference="B-1", customer_id=ada, refunded_at=NOW, amount_minor=100)
        session.add(refunded)
        session.flush()
        session.add(SeenRefundLine(refund_id=refunded.id, position=1, product="rake", quantity=1, amount_minor=100))

    material = read(plugin.sessions, shop_of(plugin), datetime.now(UTC))

    found = material.deeds
    kinds = [
        (material.interactions.products[product], KINDS[kind])
        for product, kind in zip(found.product, found.kind, strict=True)
    ]
    assert kinds == [("rake", Kind.RETURN), ("pot", Kind.NOT_INTERESTED)]


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
    plugin.storefront = SilentShop()

    train_models(plugin)

    present = plugin.models.present()
    assert present is not None
    assert sorted(present.products) == ["hose", "pot", "rake", "seed", "spade"]
    assert present.brands == ["Greenfinger"]
    assert datetime.now(UTC) - datetime.fromisoformat(present.about["trained_at"]) < timedelta(minutes=5)
