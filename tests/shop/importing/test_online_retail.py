"""Real sales in the UCI layout: every penny is in the shop or named as left out, and twice is once."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shop.accounts.account import Account
from shop.catalog.product import Product
from shop.checkout.order import Order, OrderLine, Refund
from shop.importing.online_retail import load_online_retail
from shop.importing.reconciling import reconcile
from shop.importing.report import AlreadyFilled, BrokenFile, ImportReport
from shop.profile import ShopProfile

from .conftest import LEFT_OUT_MINOR, ORDERS_MINOR, REFUNDS_MINOR, SALES, UK

SalesFile = Callable[..., Path]


def load(session: Session, path: Path, **options: object) -> ImportReport:
    report = load_online_retail(session, path, **options)  # type: ignore[arg-type]
    assert report is not None
    return report


def counts(session: Session) -> tuple[int, ...]:
    models = (Product, Account, Order, OrderLine, Refund)
    return tuple(session.scalar(select(func.count()).select_from(model)) or 0 for model in models)


def test_sums_of_the_source_and_the_shop_agree_to_the_penny(session: Session, sales_file: SalesFile) -> None:
    report = load(session, sales_file())
    assert report.source_minor == ORDERS_MINOR - REFUNDS_MINOR + LEFT_OUT_MINOR
    assert (report.orders_minor, report.refunds_minor) == (ORDERS_MINOR, REFUNDS_MINOR)
    assert report.reconciles
    assert [balance.agrees for balance in reconcile(session)] == [True]


def test_rows_that_are_no_sale_are_counted_by_reason(session: Session, sales_file: SalesFile) -> None:
    left_out = load(session, sales_file()).left_out
    assert {reason: (one.rows, one.minor) for reason, one in left_out.items()} == {
        "no product: POST": (1, 5400),
        "no product: B": (1, -11062),
        "given or found (price 0)": (1, 0),
        "correction of stock (negative quantity, no cancellation)": (1, 0),
    }


def test_an_invoice_is_an_order_of_its_customer(session: Session, sales_file: SalesFile) -> None:
    load(session, sales_file())
    order = session.scalars(select(Order).where(Order.number == "OR-536370")).one()
    account = session.get_one(Account, order.account_id)
    assert account.email == "customer-12583@example.com"
    assert (order.ship_country, order.currency, order.goods_minor, order.source) == ("FR", "GBP", 9000, "online-retail")
    assert [(line.name, line.quantity, line.unit_minor) for line in order.lines] == [("White Metal Lantern", 24, 375)]
    assert order.placed_at.isoformat() == "2010-12-01T08:45:00+00:00"


def test_an_invoice_without_a_customer_is_an_order_of_nobody_known(session: Session, sales_file: SalesFile) -> None:
    load(session, sales_file())
    order = session.scalars(select(Order).where(Order.number == "OR-536544")).one()
    assert order.account_id is None
    assert order.email.endswith(".invalid")


def test_a_cancellation_is_tied_to_the_order_that_it_takes_back(session: Session, sales_file: SalesFile) -> None:
    load(session, sales_file())
    refund = session.scalars(select(Refund).where(Refund.number == "OR-C536379")).one()
    assert refund.order is not None
    assert (refund.order.number, refund.amount_minor) == ("OR-536365", 678)
    assert [(line.quantity, line.amount_minor) for line in refund.lines] == [(2, 678)]


def test_more_than_was_bought_is_a_refund_without_an_order(session: Session, sales_file: SalesFile) -> None:
    report = load(session, sales_file())
    refund = session.scalars(select(Refund).where(Refund.number == "OR-C536380")).one()
    assert refund.order_id is None
    assert refund.account_id is not None
    assert report.refunds_without_order == 1


def test_running_it_twice_changes_nothing(session: Session, sales_file: SalesFile) -> None:
    path = sales_file()
    load(session, path)
    before, sold = counts(session), session.scalars(select(Product.sold).order_by(Product.id)).all()
    again = load(session, path)
    assert counts(session) == before
    assert session.scalars(select(Product.sold).order_by(Product.id)).all() == sold
    assert (again.orders, again.refunds, again.already_there) == (0, 0, 5)
    assert again.reconciles
    assert [balance.agrees for balance in reconcile(session)] == [True]


def test_a_part_before_or_after_the_whole_gives_the_same_shop(session: Session, sales_file: SalesFile) -> None:
    part = load(session, sales_file(SALES[:4], "part.csv"))
    whole = load(session, sales_file())
    assert (part.orders, whole.orders, whole.already_there) == (2, 1, 2)
    assert whole.reconciles
    # The cancellation finds its order though that came with another file.
    assert session.scalars(select(Refund).where(Refund.number == "OR-C536379")).one().order_id is not None
    assert [balance.agrees for balance in reconcile(session)] == [True]


def test_an_order_that_is_there_never_changes_and_the_difference_is_named(
    session: Session, sales_file: SalesFile
) -> None:
    load(session, sales_file(SALES[:1], "first.csv"))
    report = load(session, sales_file(SALES[:2], "second.csv"))
    assert session.scalars(select(Order.goods_minor)).one() == 1530
    assert report.left_out["differs from what is there already"].minor == 2034
    assert "536365" in report.notes[-1]
    assert report.reconciles


def test_bad_rows_are_named_by_line_and_reason_and_stop_nothing(session: Session, sales_file: SalesFile) -> None:
    bad = [
        ("536366", "22633", "HAND WARMER", "six", "2010-12-01 08:28:00", "1.85", "17850", UK),
        ("536366", "22632", "HAND WARMER", 6, "2010-12-01 08:28:00", "cheap", "17850", UK),
        ("536366", "22632", "HAND WARMER", 6, "yesterday", "1.85", "17850", UK),
        ("", "22632", "HAND WARMER", 6, "2010-12-01 08:28:00", "1.85", "17850", UK),
        ("536366", "", "HAND WARMER", 6, "2010-12-01 08:28:00", "1.85", "17850", UK),
        ("536365", "22632", "HAND WARMER", 6, "2010-12-01 08:28:00", "1.85", "99999", UK),
        ("536366", "22632", "HAND WARMER", 10**12, "2010-12-01 08:28:00", "1.85", "17850", UK),
        ("536366", "22632", "HAND WARMER", 6, "2010-12-01 08:28:00", "nan", "17850", UK),
        ("536366",),
    ]
    report = load(session, sales_file([*SALES, *bad]))
    named = {row.line: row.reason for row in report.bad_rows}
    assert sorted(named) == list(range(12, 21))
    assert named[12] == "Quantity 'six' is no whole number"
    assert named[13] == "UnitPrice 'cheap' is no number"
    assert named[14] == "InvoiceDate 'yesterday' is no date"
    assert named[15] == "InvoiceNo '' is no invoice number"
    assert named[17] == "invoice 536365 belongs to customer 17850, not to 99999"
    assert report.orders == 3
    assert report.reconciles
    assert "line 12: Quantity 'six'" in report.text()


@pytest.mark.parametrize("name", ["sales.csv.gz", "sales.xlsx", "sales.parquet"])
def test_every_kind_of_file_gives_the_same_shop(
    session: Session, sales_file: SalesFile, tmp_path: Path, name: str
) -> None:
    source, target = sales_file(), tmp_path / name
    if name.endswith(".gz"):
        target.write_bytes(gzip.compress(source.read_bytes()))
    else:
        pandas = pytest.importorskip("pandas")
        frame = pandas.read_csv(source, dtype={"CustomerID": "Int64"}, parse_dates=["InvoiceDate"])
        frame.to_excel(target, index=False) if name.endswith(".xlsx") else frame.to_parquet(target)
    report = load(session, target)
    assert (report.rows_read, report.orders, report.refunds) == (10, 3, 2)
    assert (report.orders_minor, report.refunds_minor) == (ORDERS_MINOR, REFUNDS_MINOR)
    assert report.reconciles


def test_american_dates_of_the_original_file_are_read(session: Session, sales_file: SalesFile) -> None:
    load(session, sales_file([("536365", "71053", "LANTERN", 1, "12/1/2010 8:26", "3.39", "17850", UK)]))
    assert session.scalars(select(Order.placed_at)).one().isoformat() == "2010-12-01T08:26:00+00:00"


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"\x89PNG\r\n\x1a\n", "picture.xlsx", "can't be read"),
        (b"PAR1 nothing", "broken.parquet", "no readable Parquet file"),
        (b"not gzip", "broken.csv.gz", "can't be read"),
        (b"InvoiceNo,Quantity\n1,2\n", "narrow.csv", "lacks the columns StockCode, Description"),
        (b"", "empty.csv", "lacks the columns"),
        (b"%PDF-1.4", "report.pdf", "must be .csv, .csv.gz, .xlsx or .parquet"),
    ],
)
def test_a_broken_file_is_refused_in_words_and_writes_nothing(
    session: Session, tmp_path: Path, content: bytes, name: str, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BrokenFile, match=words):
        load_online_retail(session, tmp_path / name)
    assert counts(session) == (0, 0, 0, 0, 0)


def test_a_missing_file_is_refused(session: Session, tmp_path: Path) -> None:
    with pytest.raises(BrokenFile, match="No such file"):
        load_online_retail(session, tmp_path / "nowhere.csv")


def test_a_demo_moves_the_dates_by_whole_weeks_and_invents_people_and_stock(
    session: Session, sales_file: SalesFile
) -> None:
    load(session, sales_file(), into_empty=True, to_yesterday=True, today=date(2026, 11, 22))
    first = session.scalars(select(Order.placed_at).order_by(Order.placed_at)).first()
    assert first is not None
    assert first.strftime("%A %Y-%m-%d %H:%M") == "Wednesday 2026-11-11 08:26"  # 2010-12-01 was a Wednesday too
    assert (session.scalar(select(func.sum(Product.stock))) or 0) > 0
    assert "D. Chen" in session.get_one(ShopProfile, 1).data_note


def test_a_demo_opens_only_an_empty_shop_and_knows_its_own_file(session: Session, sales_file: SalesFile) -> None:
    path = sales_file()
    load(session, path, into_empty=True)
    assert load_online_retail(session, path, into_empty=True) is None
    with pytest.raises(AlreadyFilled):
        load_online_retail(session, sales_file(SALES[:2], "other.csv"), into_empty=True)


def test_a_plain_import_invents_no_stock(session: Session, sales_file: SalesFile) -> None:
    report = load(session, sales_file())
    assert set(session.scalars(select(Product.stock))) == {0}
    assert any("stock" in note for note in report.notes)


def test_a_shop_of_another_currency_refuses_the_file(session: Session, sales_file: SalesFile) -> None:
    session.add(
        ShopProfile(id=1, name="A", currency="USD", country="US", time_zone="America/New_York", email="a@example.com")
    )
    session.flush()
    with pytest.raises(AlreadyFilled, match="USD"):
        load_online_retail(session, sales_file())


def test_somebody_who_registered_the_made_up_address_gets_nobodys_orders(
    session: Session, sales_file: SalesFile
) -> None:
    address = "customer-17850@example.com"
    squatter = Account(
        email=address, email_folded=address, password_hash="$argon2id$x", first_name="Eve", created_at=datetime.now(UTC)
    )
    session.add(squatter)
    session.flush()

    report = load(session, sales_file())

    assert set(session.scalars(select(Order.account_id).where(Order.number == "OR-536365"))) == {None}
    assert session.scalars(select(Order.email).where(Order.number == "OR-536365")).one().endswith(".invalid")
    assert session.scalars(select(Order).where(Order.account_id == squatter.id)).all() == []
    assert session.scalars(select(Refund).where(Refund.account_id == squatter.id)).all() == []
    assert any("customer 17850 has no account here" in note for note in report.notes)
    assert report.reconciles


def test_a_customer_of_an_earlier_import_keeps_the_account(session: Session, sales_file: SalesFile) -> None:
    load(session, sales_file(SALES[:4], "part.csv"))
    load(session, sales_file())
    query = select(func.count()).select_from(Account).where(Account.email_folded == "customer-17850@example.com")
    assert session.scalar(query) == 1
