"""What goods cost comes from a file, row by row checked, and fills what orders didn't tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ecrm.marketing.campaigns import GoodsCost
from ecrm.marketing.goods_cost import Cost, CostReport, KnownCosts, import_goods_costs, read_costs
from tracking.orders import SeenOrder, SeenOrderLine

from .kites import AT, Kites, open_kites, order

NEW_YEAR, MAY = date(2026, 1, 1), date(2026, 5, 1)


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    return open_kites(engine, tmp_path)


def take(kites: Kites, *costs: Cost) -> CostReport:
    with kites.crm.sessions.begin() as session:
        return import_goods_costs(session, costs, time_zone="Europe/Berlin")


def costs_of_lines(kites: Kites) -> list[int | None]:
    lines = sorted(kites.all(SeenOrderLine), key=lambda line: (line.order_id, line.position))
    return [line.cost_minor for line in lines]


@pytest.mark.parametrize("mark", [";", ",", "\t"])
def test_a_file_is_read_whatever_sets_its_columns_apart(kites: Kites, mark: str) -> None:
    text = "\ufeffProduct;Since;Unit cost\r\n2;2026-01-01;7.5\n\n3;2026-05-01;0\n".replace(";", mark)
    with kites.app.app_context():
        read = read_costs(text, decimals=2)
    assert (read.costs, read.bad) == ((Cost("2", NEW_YEAR, 750), Cost("3", MAY, 0)), ())


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("2;2026-01-01", "2 columns"),
        ("2;2026-01-01;1;EUR", "4 columns"),
        (";2026-01-01;1", "product's id"),
        ("x" * 65 + ";2026-01-01;1", "product's id"),
        ("2;31.12.2026;1", "no day"),
        ("2;2026-02-30;1", "no day"),
        ("2;2026-01-01;", "no cost"),
        ("2;2026-01-01;-1", "no cost"),
        ("2;2026-01-01;€ 5", "no cost"),
        ("2;2026-01-01;1.234,50", "no cost"),
        ("2;2026-01-01;NaN", "no cost"),
        ("2;2026-01-01;1e400", "no cost"),
        ("2;2026-01-01;1e99999999999999999999", "no cost"),
        ("2;2026-01-01;1e3", "no cost"),
        ("2;2026-01-01;1_0", "no cost"),
        ("2;2026-01-01;1.005", "more decimals"),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_read(kites: Kites, row: str, why: str) -> None:
    with kites.app.app_context():
        read = read_costs(f"product;since;unit cost\n{row}\n3;2026-05-01;1\n", decimals=2)
    assert [bad.line for bad in read.bad] == [2]
    assert why in read.bad[0].why
    assert read.costs == (Cost("3", MAY, 100),)


@pytest.mark.parametrize(
    "heading", ["", "product;since;unit cost\n", "PRODUCT ; SINCE ; cost in EUR\n", "product id;since;unit cost\n"]
)
@pytest.mark.parametrize("product", ["product-17", "Product", "products"])
def test_a_product_whose_id_looks_like_a_heading_is_a_product(kites: Kites, heading: str, product: str) -> None:
    with kites.app.app_context():
        read = read_costs(f"{heading}{product};2026-01-01;7.50\n", decimals=2)
    assert (read.costs, read.bad) == ((Cost(product, NEW_YEAR, 750),), ())


def test_a_first_row_without_a_day_is_named_and_not_taken_for_a_heading(kites: Kites) -> None:
    with kites.app.app_context():
        assert [one.line for one in read_costs("product-17;;7.50\n3;2026-05-01;1\n", decimals=2).bad] == [1]


def test_a_product_and_day_stand_once(kites: Kites) -> None:
    with kites.app.app_context():
        read = read_costs("2;2026-01-01;1\n2;2026-01-01;2\n", decimals=2)
    assert [(bad.line, "twice" in bad.why) for bad in read.bad] == [(2, True)]


def test_lines_without_a_cost_are_filled_and_their_orders_named(kites: Kites) -> None:
    kites.tell(order("A1", at=AT - timedelta(days=300)))
    kites.tell(order("A2"))
    report = take(kites, Cost("2", MAY, 700), Cost("2", NEW_YEAR, 600), Cost("9", MAY, 1))
    assert (report.new, report.changed, report.unchanged, report.lines) == (3, 0, 0, 2)
    assert report.order_ids == [row.id for row in kites.all(SeenOrder)]
    assert costs_of_lines(kites) == [1200, None, 1400, None]


def test_a_file_taken_twice_changes_nothing_and_a_later_one_goes_before(kites: Kites) -> None:
    kites.tell(order("A1"))
    take(kites, Cost("2", MAY, 700))
    again = take(kites, Cost("2", MAY, 700))
    assert (again.unchanged, again.lines, again.order_ids) == (1, 0, [])
    later = take(kites, Cost("2", MAY, 800))
    assert (later.changed, later.lines, later.order_ids) == (1, 1, [kites.only(SeenOrder).id])
    assert kites.only(GoodsCost).unit_minor == 800
    assert costs_of_lines(kites)[0] == 1600


def test_a_cost_that_an_order_was_remembered_with_from_a_file_is_corrected_and_a_told_one_is_not(kites: Kites) -> None:
    take(kites, Cost("2", MAY, 700))
    kites.tell(order("A1"))
    told = order("A2")
    kites.tell(replace(told, lines=tuple(replace(line, cost_minor=5) for line in told.lines)))
    assert costs_of_lines(kites) == [1400, None, 5, 5]
    assert take(kites, Cost("2", MAY, 650)).lines == 1
    assert costs_of_lines(kites) == [1300, None, 5, 5]


def test_a_cost_counts_from_its_day_on() -> None:
    known = KnownCosts([Cost("2", MAY, 700), Cost("2", NEW_YEAR, 600)])
    days = (date(2025, 12, 31), NEW_YEAR, MAY - timedelta(days=1), MAY, date(2027, 1, 1))
    assert [known.unit("2", day) for day in days] == [None, 600, 600, 700, 700]
