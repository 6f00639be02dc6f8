"""What searches lead to: clicks with their position, products added, other searches."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm import aliased

from tracking.clickstream.dimensions import Term
from tracking.clickstream.rollups import RefinementDay
from tracking.clickstream.searches import SearchClick
from tracking.visitors import Grade

from .clicks import BOB, searched, seen, store, store_apart, terms

EITHER = pytest.mark.parametrize("keep", [store, store_apart])


def opened(product: str, minutes: float, **facts: Any) -> Any:
    return seen("Product Viewed", product, minutes=minutes, path=f"/p/{product}", **facts)


def added(product: str, minutes: float) -> Any:
    return seen("Product Added", product, minutes=minutes, path="/cart")


def refinements(session: OrmSession) -> dict[tuple[str, str], int]:
    session.expire_all()
    first, second = aliased(Term), aliased(Term)
    query = (
        select(first.term, second.term, RefinementDay.times)
        .join(first, first.id == RefinementDay.term_id)
        .join(second, second.id == RefinementDay.next_term_id)
    )
    return {(one, other): times for one, other, times in session.execute(query)}


@EITHER
def test_a_product_opened_from_the_results_is_a_click_with_its_position(session: OrmSession, keep: Any) -> None:
    keep(session, searched("Tea", "5", "7", "9"), opened("7", 1), opened("9", 2), opened("4", 3))
    assert terms(session, "searches", "clicks", "position_sum") == {"tea": (1, 2, 5)}
    rows = session.scalars(select(SearchClick).order_by(SearchClick.position)).all()
    assert [(row.position, row.added) for row in rows] == [(2, False), (3, False)]


@EITHER
def test_on_a_further_page_positions_go_on(session: OrmSession, keep: Any) -> None:
    keep(session, searched("tea", "5"), searched("tea", "7", "9", first=25, minutes=1), opened("9", 2))
    assert terms(session, "searches", "clicks", "position_sum") == {"tea": (1, 1, 26)}


@EITHER
def test_the_same_product_opened_twice_is_one_click(session: OrmSession, keep: Any) -> None:
    keep(session, searched("tea", "7"), opened("7", 1), searched("tea", "7", minutes=2), opened("7", 3))
    assert terms(session, "searches", "clicks") == {"tea": (2, 1)}


@EITHER
def test_of_two_searches_that_showed_the_product_the_later_has_the_click(session: OrmSession, keep: Any) -> None:
    keep(session, searched("tea", "7"), searched("green tea", "3", "7", minutes=1), opened("7", 2))
    assert terms(session, "clicks", "position_sum") == {"green tea": (1, 2)}


@EITHER
def test_half_an_hour_later_the_search_has_nothing_to_do_with_it(session: OrmSession, keep: Any) -> None:
    keep(session, searched("tea", "7", "8"), seen(minutes=20), opened("7", 30), opened("8", 30.1))
    assert terms(session, "clicks") == {"tea": (1,)}


@EITHER
def test_a_clicked_product_that_is_added_counts_once(session: OrmSession, keep: Any) -> None:
    keep(session, searched("tea", "7", "8"), opened("7", 1), added("7", 2), added("7", 3), added("8", 4))
    assert terms(session, "clicks", "cart_adds") == {"tea": (1, 1)}
    assert session.scalars(select(SearchClick.added)).all() == [True]


@EITHER
def test_a_search_after_another_one_refines_it(session: OrmSession, keep: Any) -> None:
    keep(
        session,
        searched("tea"),
        searched("TEA ", minutes=1),
        searched("green tea", "7", minutes=2),
        searched("green tea", "9", first=25, minutes=3),
        opened("7", 4),
        searched("cup", minutes=5),
    )
    assert refinements(session) == {("tea", "green tea"): 1}


@EITHER
def test_a_visit_that_begins_with_a_further_page_has_its_clicks(session: OrmSession, keep: Any) -> None:
    keep(session, searched("tea", "7", "8", first=25), opened("8", 1))
    assert terms(session, "searches", "clicks", "position_sum") == {"tea": (0, 1, 26)}


@EITHER
def test_a_search_refines_the_one_before_however_long_ago_that_was(session: OrmSession, keep: Any) -> None:
    keep(session, searched("tea"), seen(minutes=20), searched("green tea", minutes=45))
    assert refinements(session) == {("tea", "green tea"): 1}


def test_a_search_that_comes_late_doesnt_hide_what_was_opened_after_it(session: OrmSession) -> None:
    store(session, searched("tea"), opened("1", 20))
    store(session, searched("cup", minutes=10), searched("pot", minutes=30))
    assert refinements(session) == {("tea", "cup"): 1}


def test_searches_that_come_after_a_later_look_at_a_product_see_it(session: OrmSession) -> None:
    store(session, opened("1", 20))
    store(session, searched("tea"), searched("pot", minutes=30))
    assert refinements(session) == {}


def test_positions_that_nobody_looks_at_are_no_positions(session: OrmSession) -> None:
    store(session, searched("tea", "7", first=10_001), opened("7", 1))
    store(session, searched("cup", "8", first=10_000, minutes=2), opened("8", 3))
    assert terms(session, "clicks", "position_sum") == {"tea": (1, 1), "cup": (1, 10_000)}


@EITHER
def test_another_browsers_search_and_a_strangers_lead_to_nothing(session: OrmSession, keep: Any) -> None:
    keep(
        session,
        searched("tea", "7", visitor_token=BOB),
        searched("cup", "7", grade=Grade.NONE, minutes=0.5),
        opened("7", 1),
        opened("7", 2, grade=Grade.NONE),
    )
    assert terms(session, "searches", "clicks") == {"tea": (1, 0), "cup": (1, 0)}
    assert refinements(session) == {}


def test_nonsense_in_a_search_counts_as_a_search_and_nothing_else(session: OrmSession) -> None:
    odd = {"product_ids": [7, None, "x" * 500], "first_position": "one", "results": "none"}
    store(session, seen("Products Searched", "tea", properties=odd), opened("7", 1))
    store(session, seen("Products Searched", "tea", properties={"product_ids": {"a": 1}}))
    assert terms(session, "searches", "zero_results", "clicks") == {"tea": (1, 0, 0)}
