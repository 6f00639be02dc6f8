"""Training publishes true lists, or what there is of them."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from recommender.placements import present_model, stored
from recommender.reasons import Code
from recommender.store import Model, RankedList
from recommender.training import train

from .purchases import NOW, checkerboard, customer, order


def test_each_customer_is_offered_what_their_half_of_the_board_left_out(session: Session) -> None:
    ids = checkerboard(session)

    train(session, NOW)

    for half, missing in (("tea", ["tea", "cup", "pot", "spoon"]), ("tool", ["saw", "nail", "plank", "glue"])):
        for one, left_out in zip(ids[half], missing * 2, strict=True):
            assert stored(session, "discovery", str(one))[0].product == left_out


def test_a_customers_list_begins_with_what_they_buy_often_and_says_so(session: Session) -> None:
    checkerboard(session)
    ada = customer(session, "ada")
    for days_ago in (2, 9, 16):
        order(session, ada, ["saw"], days_ago=days_ago)
    order(session, ada, ["glue"], days_ago=30)

    train(session, NOW)

    first, second = stored(session, "customer", str(ada))[:2]
    assert (first.product, first.reason, first.count) == ("saw", Code.OFTEN, 3)
    assert (second.product, second.reason, second.count) == ("glue", Code.AGAIN, 1)


def test_the_reason_because_names_something_that_this_customer_bought(session: Session) -> None:
    checkerboard(session)
    ada = customer(session, "ada")
    order(session, ada, ["saw"], days_ago=1)

    train(session, NOW)

    discovered = stored(session, "discovery", str(ada))
    because = {entry.product: entry.because for entry in discovered if entry.reason is Code.BECAUSE}
    assert because == dict.fromkeys(("nail", "plank", "glue"), "saw")
    assert "saw" not in {entry.product for entry in discovered}


def test_a_products_list_holds_what_was_bought_with_it_and_in_how_many_orders(session: Session) -> None:
    checkerboard(session)

    train(session, NOW)

    entries = stored(session, "product", "tea")
    assert {entry.product for entry in entries} == {"cup", "pot", "spoon"}
    assert {(entry.reason, entry.count, entry.because) for entry in entries} == {(Code.TOGETHER, 4, "tea")}


def test_the_same_purchases_give_the_same_lists(session: Session) -> None:
    checkerboard(session)

    first, second = train(session, NOW), train(session, NOW)

    def lists(model_id: int) -> list[tuple[object, ...]]:
        query = select(RankedList.kind, RankedList.key, RankedList.products, RankedList.reasons)
        return [
            tuple(row) for row in session.execute(query.where(RankedList.model_id == model_id).order_by("kind", "key"))
        ]

    assert lists(first.model_id) == lists(second.model_id)


def test_two_models_are_kept_and_the_newest_is_served(session: Session) -> None:
    ada = customer(session, "ada")
    order(session, ada, ["tea"], days_ago=40)

    reports = [train(session, NOW + timedelta(days=day)) for day in range(3)]

    assert session.scalars(select(Model.id).order_by(Model.id)).all() == [report.model_id for report in reports[1:]]
    assert session.scalar(select(func.count(RankedList.model_id.distinct()))) == 2
    present = present_model(session)
    assert present is not None
    assert present.id == reports[-1].model_id


def test_nothing_of_a_training_that_is_rolled_back_is_seen(session: Session) -> None:
    ada = customer(session, "ada")
    order(session, ada, ["tea"], days_ago=1)
    session.commit()

    train(session, NOW)
    session.rollback()

    assert present_model(session) is None
    assert stored(session, "popular", "") == []


@pytest.mark.parametrize("purchases", [[], [["tea"]], [["tea", "cup"]], [["tea"], ["tea"]]])
def test_a_shop_with_next_to_nothing_sold_gets_a_model_of_what_there_is(
    session: Session, purchases: list[list[str]]
) -> None:
    for number, products in enumerate(purchases):
        order(session, customer(session, f"c{number}"), products, days_ago=number)

    report = train(session, NOW)

    assert report.orders == len(purchases)
    assert report.customers == len(purchases)
    popular = {entry.product for entry in stored(session, "popular", "")}
    assert popular == {product for products in purchases for product in products}


def test_the_report_is_a_sentence(session: Session) -> None:
    order(session, customer(session, "ada"), ["tea", "cup"], days_ago=1)

    assert str(train(session, NOW)).startswith(
        "learnt from 2 lines of 1 orders: 3 lists for 1 customers and 2 products"
    )


def test_what_lies_in_every_cart_explains_nothing(session: Session) -> None:
    for number in range(12):
        one = customer(session, f"crowd-{number}")
        order(
            session, one, ["bag", "bread", "butter"] if number < 4 else ["bag", f"thing-{number % 4}"], days_ago=number
        )
    ada = customer(session, "ada")
    order(session, ada, ["bag", "bread"], days_ago=1)

    train(session, NOW)

    because = {entry.product: entry.because for entry in stored(session, "discovery", str(ada))}
    assert because["butter"] == "bread"
