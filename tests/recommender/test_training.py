"""A training publishes a model, or says why it didn't; the history leads back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, sessionmaker

from recommender.catalogue import Description
from recommender.folders import UNFINISHED, BeingTrained, names, only_trainer
from recommender.gate import Judgement, Verdict
from recommender.loading import ModelShelf
from recommender.material import Shop, read
from recommender.refresh_due import what_is_due
from recommender.refreshing import refresh
from recommender.settling import settling
from recommender.store import Model, ModelKind, NoSuchModel, State, go_back, models, present_model, present_name
from recommender.training import begin, finish, tidy, train
from tracking.orders import SeenOrder, SeenOrderLine

from .purchases import NOW, checkerboard, customer, order


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(folder=tmp_path / "models")


def history(sessions: sessionmaker[Session]) -> list[Model]:
    with sessions() as session:
        return list(models(session, limit=20))


def test_the_first_model_is_served_at_once(sessions: sessionmaker[Session], shop: Shop) -> None:
    shelf = ModelShelf(sessions, shop.folder)
    assert shelf.present() is None
    with sessions() as session:
        ids = checkerboard(session)

    report = train(sessions, shop, NOW)

    assert (report.judgement.verdict, report.customers, report.orders) == (Verdict.FIRST, 16, 16)
    shelf.forget()
    present = shelf.present()
    assert present is not None
    assert present.name == report.name == "20261120-000000-full"
    assert present.products[present.of_customer(ids["tea"][0], "new", n=1)[0]] == "tea"
    assert str(report).startswith("20261120-000000-full: learnt from 48 lines of 16 orders by 16 customers in ")


def test_a_product_that_nobody_bought_is_known_to_the_model(sessions: sessionmaker[Session], shop: Shop) -> None:
    with sessions() as session:
        checkerboard(session)

    train(sessions, Shop(folder=shop.folder, descriptions={"kettle": Description(text="a kettle for tea")}), NOW)

    present = ModelShelf(sessions, shop.folder).present()
    assert present is not None
    assert "kettle" in present.products


@pytest.mark.parametrize("purchases", [[], [["tea"]], [["tea", "cup"]], [["tea"], ["tea"]]])
def test_a_shop_with_next_to_nothing_sold_gets_a_model_of_what_there_is(
    sessions: sessionmaker[Session], shop: Shop, purchases: list[list[str]]
) -> None:
    with sessions.begin() as session:
        for number, products in enumerate(purchases):
            order(session, customer(session, f"c{number}"), products, days_ago=number)

    report = train(sessions, shop, NOW)

    assert report.published
    assert (report.orders, report.customers) == (len(purchases), len(purchases))


def test_a_folder_that_a_killed_trainer_finished_keeps_its_name(sessions: sessionmaker[Session], shop: Shop) -> None:
    killed = train(sessions, shop, NOW)
    with sessions.begin() as session:
        session.execute(delete(Model))

    assert train(sessions, shop, NOW).name == f"{killed.name}-2"


def test_only_one_trains_at_a_time(sessions: sessionmaker[Session], shop: Shop) -> None:
    with only_trainer(shop.folder), pytest.raises(BeingTrained, match="being trained already"):
        train(sessions, shop, NOW)

    assert history(sessions) == []


def test_what_a_killed_trainer_left_is_swept_by_the_next(sessions: sessionmaker[Session], shop: Shop) -> None:
    with sessions.begin() as session:
        session.add(Model(name="20261119-000000-full", kind=ModelKind.FULL, trained_at=NOW))
    (shop.folder / f"{UNFINISHED}20261119-000000-full-1").mkdir(parents=True)

    report = train(sessions, shop, NOW)

    assert {one.name: one.state for one in history(sessions)} == {
        report.name: State.PUBLISHED, "20261119-000000-full": State.FAILED,
    }  # fmt: skip
    assert [one.name for one in shop.folder.iterdir() if one.is_dir()] == [report.name]


def test_a_candidate_from_half_a_history_is_refused(sessions: sessionmaker[Session], shop: Shop) -> None:
    with sessions() as session:
        checkerboard(session)
    first = train(sessions, shop, NOW)
    with sessions.begin() as session:
        gone = select(SeenOrder.id).where(SeenOrder.customer_id > 7)
        session.execute(delete(SeenOrderLine).where(SeenOrderLine.order_id.in_(gone)))
        session.execute(delete(SeenOrder).where(SeenOrder.customer_id > 7))

    second = train(sessions, shop, NOW + timedelta(days=1))

    assert second.judgement.verdict is Verdict.MISSING
    assert not second.published
    assert [(one.state, one.gate["verdict"]) for one in history(sessions)] == [
        (State.REJECTED, "missing"), (State.PUBLISHED, "first"),
    ]  # fmt: skip
    with sessions() as session:
        assert present_name(session) == first.name


def test_one_command_leads_back_and_what_was_left_is_not_returned_to(
    sessions: sessionmaker[Session], shop: Shop
) -> None:
    with sessions() as session:
        checkerboard(session)
    trained = [train(sessions, shop, NOW + timedelta(days=day)).name for day in range(3)]
    kept = names(shop.folder)

    with sessions.begin() as session:
        assert go_back(session, NOW + timedelta(days=4), kept=kept).name == trained[1]
    with sessions.begin() as session:
        assert present_name(session) == trained[1]
        assert go_back(session, NOW + timedelta(days=5), kept=kept).name == trained[0]
    with sessions.begin() as session:
        with pytest.raises(NoSuchModel, match=r"no earlier model to go back to; .* none"):
            go_back(session, NOW + timedelta(days=6), kept=kept)
        with pytest.raises(NoSuchModel, match="no model nonsense"):
            go_back(session, NOW + timedelta(days=6), to="nonsense", kept=kept)
        assert go_back(session, NOW + timedelta(days=6), to=trained[2], kept=kept).name == trained[2]
        assert present_name(session) == trained[2]


def test_only_some_models_are_kept_and_always_the_one_that_is_served(
    sessions: sessionmaker[Session], shop: Shop
) -> None:
    few = Shop(folder=shop.folder, keep=2)
    trained = [train(sessions, few, NOW + timedelta(days=day)).name for day in range(3)]
    assert names(shop.folder) == trained[1:]

    with sessions.begin() as session:
        go_back(session, NOW + timedelta(days=3), kept=trained[1:])
    for day in (4, 5):
        latest = train(sessions, few, NOW + timedelta(days=day)).name
    with sessions() as session:
        assert present_name(session) == latest
    assert names(shop.folder) == [trained[2], "20261124-000000-full", latest]  # the one left behind, and two to go to


def test_a_refresh_knows_who_ordered_since_and_leaves_the_others_their_lists(
    sessions: sessionmaker[Session], shop: Shop
) -> None:
    with sessions() as session:
        ids = checkerboard(session)
    train(sessions, shop, NOW)
    before = ModelShelf(sessions, shop.folder).present()
    assert before is not None
    later = NOW + timedelta(minutes=10)
    assert refresh(sessions, shop, later) == "nothing was refreshed: nobody ordered since, and nothing is new"

    with sessions.begin() as session:
        newcomer = customer(session, "newcomer")
        order(session, newcomer, ["saw", "kettle"], days_ago=-1 / 300)
    report = refresh(sessions, shop, later)

    assert not isinstance(report, str)
    after = ModelShelf(sessions, shop.folder).present()
    assert after is not None
    assert after.name == report.name == "20261120-001000-refresh"
    assert "kettle" in after.products
    assert len(after.of_customer(newcomer, "next", n=5))
    for one in (*ids["tea"], *ids["tool"]):
        old, new = before.of_customer(one, "next", n=60), after.of_customer(one, "next", n=60)
        assert [before.products[product] for product in old] == [after.products[product] for product in new]
    with sessions.begin() as session, pytest.raises(NoSuchModel):  # a refresh and its model stand and fall together
        go_back(session, later, kept=names(shop.folder))


def test_a_refresh_rests_nineteen_times_as_long_as_it_took(sessions: sessionmaker[Session], shop: Shop) -> None:
    train(sessions, shop, NOW)
    for minutes, expected in (
        (10, "20261120-001000-refresh"),
        (20, "nothing was refreshed: the last time is too short"),
    ):
        with sessions.begin() as session:
            order(session, customer(session, f"at {minutes}"), ["tea"], days_ago=-(minutes - 1) / 1440)
        done = refresh(sessions, shop, NOW + timedelta(minutes=minutes))
        assert str(done).startswith(expected)
        with sessions.begin() as session:
            session.scalars(select(Model).where(Model.name == "20261120-001000-refresh")).one().seconds = 60.0


def test_a_refresh_before_the_first_training_has_nothing_to_refresh(
    sessions: sessionmaker[Session], shop: Shop
) -> None:
    assert refresh(sessions, shop, NOW) == "nothing was refreshed: no model was trained yet"


def test_refused_and_failed_trainings_leave_the_models_one_can_go_back_to(
    sessions: sessionmaker[Session], shop: Shop
) -> None:
    few = Shop(folder=shop.folder, keep=2)
    good = [train(sessions, few, NOW + timedelta(days=day)).name for day in range(2)]
    with sessions.begin() as session:
        for day in (3, 4, 5):
            session.add(Model(name=f"refused-{day}", trained_at=NOW + timedelta(days=day), state=State.REJECTED))
            session.add(Model(name=f"failed-{day}", trained_at=NOW + timedelta(days=day), state=State.FAILED))

    tidy(sessions, few)

    assert names(shop.folder) == good
    with sessions.begin() as session:
        assert go_back(session, NOW + timedelta(days=6), kept=names(shop.folder)).name == good[0]


def test_the_latest_refused_model_can_be_chosen_all_the_same(sessions: sessionmaker[Session], shop: Shop) -> None:
    trained = [train(sessions, shop, NOW + timedelta(days=day)).name for day in range(3)]
    with sessions.begin() as session:
        session.execute(update(Model).where(Model.name != trained[0]).values(state=State.REJECTED))

    tidy(sessions, shop)

    assert names(shop.folder) == [trained[0], trained[2]]


def test_a_killed_full_training_is_not_tried_again_after_every_refresh(
    sessions: sessionmaker[Session], shop: Shop
) -> None:
    def due(minutes: int) -> ModelKind | None:
        with sessions() as session:
            moment = NOW + timedelta(minutes=minutes)
            return what_is_due(session, present_model(session), moment, folder=shop.folder, arrivals=False)[0]

    with sessions() as session:
        checkerboard(session)
    train(sessions, shop, NOW, kind=ModelKind.QUICK)
    assert due(1) is ModelKind.FULL
    killed = begin(sessions, shop, kind=ModelKind.FULL, now=NOW + timedelta(minutes=1))
    with sessions.begin() as session:
        order(session, customer(session, "newcomer"), ["tea"], days_ago=-2 / 1440)

    assert due(5) is ModelKind.REFRESH
    assert not isinstance(refresh(sessions, shop, NOW + timedelta(minutes=5)), str)

    assert due(10) is None
    assert {one.name: one.state for one in history(sessions)}[killed.name] == State.FAILED
    with sessions.begin() as session, pytest.raises(NoSuchModel):
        go_back(session, NOW, to=killed.name, kept=[killed.name])


@pytest.mark.parametrize("refreshed", [False, True])
def test_who_goes_back_during_a_training_stays_there(
    sessions: sessionmaker[Session], shop: Shop, refreshed: bool
) -> None:
    with sessions() as session:
        checkerboard(session)
    first, second = (train(sessions, shop, NOW + timedelta(days=day)).name for day in range(2))
    now, base = NOW + timedelta(days=2), second if refreshed else ""
    material = read(sessions, shop, now)
    begun = begin(sessions, shop, kind=ModelKind.REFRESH if refreshed else ModelKind.FULL, now=now, base=base)
    with sessions.begin() as session:
        go_back(session, now + timedelta(minutes=2), kept=names(shop.folder))

    state = finish(
        sessions, shop, begun, material.interactions, now=now, seconds=600.0, judgement=Judgement(Verdict.PASSED),
        facts={},
    )  # fmt: skip
    tidy(sessions, shop)

    assert state is State.WITHDRAWN
    with sessions() as session:
        assert present_name(session) == first
    assert first in names(shop.folder)


def test_a_model_is_published_when_its_training_ends_and_knows_the_orders_until_it_began(
    sessions: sessionmaker[Session], shop: Shop
) -> None:
    begun = begin(sessions, shop, kind=ModelKind.FULL, now=NOW)
    known = read(sessions, shop, NOW).interactions

    finish(sessions, shop, begun, known, now=NOW, seconds=90.0, judgement=Judgement(Verdict.FIRST), facts={})

    [row] = history(sessions)
    assert row.published_at is not None
    assert (row.published_at - row.trained_at).total_seconds() == 90


def test_nobody_goes_back_while_folders_are_swept(sessions: sessionmaker[Session], shop: Shop) -> None:
    train(sessions, shop, NOW)
    order_of_things: list[str] = []

    def tidied() -> None:
        tidy(sessions, shop)
        order_of_things.append("tidied")

    with settling(shop.folder):
        other = Thread(target=tidied)
        other.start()
        other.join(timeout=0.3)
        order_of_things.append("went back")
    other.join(timeout=30)

    assert order_of_things == ["went back", "tidied"]
