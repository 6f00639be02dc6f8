"""Impressions by position, clicks once a visit, and what of them went into the cart, in batches of the writer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ecrm.marketing.recommended.counting import count_recommended
from ecrm.marketing.recommended.tables import RecommendationClick, RecommendedDay, Slot
from tracking.clickstream.ingest import ingest
from tracking.clickstream.sightings import Sighting
from tracking.visitors import Grade

NOON = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
DAY = date(2026, 11, 20)
BERLIN = "Europe/Berlin"
ADA, BEN = "a" * 32, "b" * 32


def step(name: str, subject: str, *, minute: float = 0, token: str | None = ADA, **more: Any) -> Sighting:
    properties = {key: more.pop(key) for key in list(more) if key not in Sighting._fields}
    return Sighting(
        NOON + timedelta(minutes=minute), name, subject, properties, token,
        Grade.NONE if token is None else Grade.ANALYTICS, user_agent="Mozilla/5.0 Firefox/130.0", **more,
    )  # fmt: skip


def shown(placement: str, *products: str, **more: Any) -> Sighting:
    return step("Recommendations Shown", placement, product_ids=products, strategy="learnt", **more)


def clicked(product: str, *, place: int = 1, placement: str = "home", added: bool = False, **more: Any) -> Sighting:
    return step(
        "Product Clicked", product, list_id=placement, position=place, strategy="learnt", added=added, **more
    )  # fmt: skip


def store(session: Session, steps: Sequence[Sighting]) -> None:
    ingest(session, steps, BERLIN)
    count_recommended(session, steps, BERLIN)
    session.commit()


def counts(session: Session) -> dict[tuple[date, str, int], tuple[int, int, int]]:
    query = select(Slot, RecommendedDay).join(RecommendedDay, RecommendedDay.slot_id == Slot.id)
    return {
        (row.day, slot.placement, slot.position): (row.impressions, row.clicks, row.cart_adds)
        for slot, row in session.execute(query.execution_options(populate_existing=True))
    }


def test_each_position_of_a_strip_is_an_impression(session: Session) -> None:
    store(session, [shown("home", "7", "8"), shown("home", "9", token=None), shown("cart", "7", token=BEN)])
    assert counts(session) == {
        (DAY, "home", 1): (2, 0, 0), (DAY, "home", 2): (1, 0, 0), (DAY, "cart", 1): (1, 0, 0),
    }  # fmt: skip


def test_a_click_counts_once_a_visit_slot_and_product_also_over_batches(session: Session) -> None:
    store(session, [clicked("7"), clicked("7", minute=1), clicked("7", minute=1, token=BEN)])
    store(session, [clicked("7", minute=2), clicked("8", minute=2), clicked("7", minute=3, place=2)])
    assert counts(session) == {(DAY, "home", 1): (0, 3, 0), (DAY, "home", 2): (0, 1, 0)}
    first = session.scalars(select(RecommendationClick).order_by(RecommendationClick.id)).first()
    assert first is not None
    assert (first.clicked_at, first.last_at) == (NOON, NOON + timedelta(minutes=2))
    store(session, [clicked("7", minute=90)])
    assert counts(session)[DAY, "home", 1] == (0, 4, 0), "the next visit"


def test_a_click_without_a_visit_counts_each_time(session: Session) -> None:
    store(session, [clicked("7", token=None), clicked("7", token=None, minute=1, added=True)])
    assert counts(session) == {(DAY, "home", 1): (0, 2, 1)}
    assert session.scalars(select(RecommendationClick)).all() == []


def test_what_goes_into_the_cart_adds_to_the_visits_latest_click_on_it_once(session: Session) -> None:
    store(session, [clicked("7"), clicked("7", place=2, minute=1), step("Product Added", "7", minute=2)])
    assert counts(session) == {(DAY, "home", 1): (0, 1, 0), (DAY, "home", 2): (0, 1, 1)}
    store(session, [step("Product Added", "7", minute=3), step("Product Added", "8", minute=4)])
    assert counts(session)[DAY, "home", 2] == (0, 1, 1)
    store(session, [step("Product Added", "7", minute=5, token=BEN)])
    assert counts(session)[DAY, "home", 1] == (0, 1, 0), "Ben clicked nothing"


def test_an_add_on_the_card_is_click_and_cart_at_once(session: Session) -> None:
    store(session, [clicked("7", added=True), step("Product Added", "7")])
    assert counts(session) == {(DAY, "home", 1): (0, 1, 1)}
    store(session, [clicked("7", added=True, minute=1), step("Product Added", "7", minute=1)])
    assert counts(session) == {(DAY, "home", 1): (0, 1, 1)}


def test_a_cart_add_after_midnight_counts_on_the_day_of_its_click(session: Session) -> None:
    late = (datetime(2026, 11, 20, 22, 59, tzinfo=UTC) - NOON) / timedelta(minutes=1)
    store(session, [clicked("7", minute=late), step("Product Added", "7", minute=late + 5)])
    assert counts(session) == {(DAY, "home", 1): (0, 1, 1)}


def test_what_a_client_of_the_collector_says_makes_no_slot(session: Session) -> None:
    store(session, [shown("anything", "7", message_id="m-1"), clicked("7", message_id="m-2", placement="x")])
    assert counts(session) == {}
    assert session.scalars(select(Slot)).all() == []


def test_machines_see_and_click_nothing(session: Session) -> None:
    store(session, [shown("home", "7", machine=True), clicked("7", machine=True)])
    assert counts(session) == {}
