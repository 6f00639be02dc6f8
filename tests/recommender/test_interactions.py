"""What was bought, as arrays."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy.orm import Session

from recommender.interactions import read_interactions

from .purchases import NOW, customer, order

BERLIN = ZoneInfo("Europe/Berlin")


def test_each_line_is_read_with_its_customer_its_product_and_its_age(session: Session) -> None:
    ada, bob = customer(session, "ada"), customer(session, "bob")
    order(session, bob, ["tea"], days_ago=2.5)
    order(session, ada, ["cup", "tea"], days_ago=10)

    read = read_interactions(session, NOW)

    lines = {
        (read.customers[who], read.products[what], float(read.order_age[which]))
        for who, what, which in zip(read.line_customer, read.line_product, read.line_order, strict=True)
    }
    assert lines == {(bob, "tea", 2.5), (ada, "cup", 10.0), (ada, "tea", 10.0)}


def test_orders_after_the_moment_are_not_read(session: Session) -> None:
    ada = customer(session, "ada")
    order(session, ada, ["tea"], days_ago=1)
    order(session, ada, ["cup"], days_ago=-1)

    read = read_interactions(session, NOW)

    assert [read.products[product] for product in read.line_product] == ["tea"]


def test_a_product_bought_twice_on_a_day_counts_as_one_day(session: Session) -> None:
    ada = customer(session, "ada")
    order(session, ada, ["tea", "tea"], days_ago=3.2)
    order(session, ada, ["tea"], days_ago=3.6)
    order(session, ada, ["tea"], days_ago=9)

    customers, products, ages = read_interactions(session, NOW).purchase_days

    assert len(customers) == len(products) == 2
    assert np.floor(sorted(ages)).tolist() == [3.0, 9.0]


def test_nothing_bought_is_no_error(session: Session) -> None:
    read = read_interactions(session, NOW)

    assert len(read.products) == len(read.customers) == len(read.line_product) == 0
    assert read.by_order().shape == (0, 0)


def test_days_are_those_of_the_shops_calendar_whatever_the_hour_of_the_training(session: Session) -> None:
    ada = customer(session, "ada")
    order(session, ada, ["tea"], days_ago=(NOW - datetime(2026, 10, 5, 23, 0, tzinfo=BERLIN)) / timedelta(days=1))
    order(session, ada, ["tea"], days_ago=(NOW - datetime(2026, 10, 6, 1, 0, tzinfo=BERLIN)) / timedelta(days=1))
    order(session, ada, ["tea"], days_ago=(NOW - datetime(2026, 10, 6, 22, 0, tzinfo=BERLIN)) / timedelta(days=1))

    customers, _products, _ages = read_interactions(session, NOW, zone=BERLIN).purchase_days

    assert len(customers) == 2
