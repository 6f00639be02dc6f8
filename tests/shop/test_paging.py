"""Pages of long lists, and the index that short ones of scarce products are read by."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from shop.backoffice.figures import stock_figures
from shop.backoffice.inventory import running_low, search_products
from shop.catalog.product import Product
from shop.paging import PER_PAGE, read_page
from tests.shop.catalog.shelves import make_product, make_shelf


@pytest.mark.parametrize(("page", "number", "first"), [(1, 1, 59), (2, 2, 9), (7, 2, 9), (-1, 1, 59)])
def test_pages_keep_the_order_of_the_ids(session: Session, page: int, number: int, first: int) -> None:
    shelf = make_shelf(session)
    for sold in range(60):
        make_product(session, shelf, "Tea", sold=sold)

    found = read_page(
        session, select(Product.id).order_by(Product.sold.desc()), select(Product), key=Product.id, page=page
    )

    assert (found.number, found.pages, found.total) == (number, 2, 60)
    assert [row.sold for row in found.rows] == list(range(first, max(first - PER_PAGE, -1), -1))


def test_nothing_is_one_empty_page(session: Session) -> None:
    found = read_page(session, select(Product.id), select(Product), key=Product.id, page=3)

    assert (found.rows, found.number, found.pages, found.total) == ([], 1, 1, 0)


def test_scarce_products_are_found_by_their_own_index(session: Session) -> None:
    shelf = make_shelf(session)
    for stock in range(8):
        make_product(session, shelf, f"Tea {stock}", stock=stock, sold=stock)
    make_product(session, shelf, "Hidden", stock=0, listed=False)

    def found(state: str) -> list[str]:
        page = search_products(session, words="", state=state, department_id=None, page=1)
        return [row.name for row in page.rows]

    assert found("sold_out") == ["Tea 0"]
    assert found("low") == ["Tea 5", "Tea 4", "Tea 3", "Tea 2", "Tea 1"]
    assert [row.name for row in running_low(session, limit=3)] == ["Tea 5", "Tea 4", "Tea 3"]
    assert (stock_figures(session).listed, stock_figures(session).sold_out) == (8, 1)
    if session.get_bind().dialect.name == "sqlite":
        plan = session.execute(
            text("EXPLAIN QUERY PLAN SELECT count(*) FROM product WHERE listed AND stock <= 5 AND stock = 0")
        ).all()
        assert "COVERING INDEX ix_product_scarce" in str(plan)
