"""What all sources leave behind in the shop."""

from __future__ import annotations

from sqlalchemy.orm import Session

from shop.importing.filling import count_listed
from tests.shop.catalog.shelves import make_product, make_shelf


def test_a_category_counts_only_what_is_listed(session: Session) -> None:
    shelf = make_shelf(session)
    make_product(session, shelf, "Green Tea")
    make_product(session, shelf, "Hidden Tea", listed=False)
    empty = make_shelf(session, "Soap", department="Home")

    count_listed(session)
    session.expire_all()

    assert (shelf.products_listed, empty.products_listed) == (1, 0)
