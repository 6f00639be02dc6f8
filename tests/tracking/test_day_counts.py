"""What a day counts of everybody: pages, their times, products, machines."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from tracking.clickstream.dimensions import Page
from tracking.clickstream.rollups import BotDay, DayFigures, TimingDay
from tracking.clickstream.timings import bucket_of
from tracking.visitors import Grade

from .clicks import ADA, TODAY, pages, products, seen, store


def test_products_count_where_they_were_shown_opened_and_moved(session: OrmSession) -> None:
    store(
        session,
        seen("Product List Viewed", "tea", properties={"product_ids": ["7", "8", "7"]}),
        seen("Recommendations Shown", "cart", properties={"product_ids": ("7",)}, grade=Grade.NONE),
        seen("Product Viewed", "7", grade=Grade.NONE),
        seen("Product Added", "7"),
        seen("Product Removed", "7"),
        seen("Product Viewed", ""),
    )
    counted = products(session, "impressions", "views", "cart_adds", "cart_removals")
    assert counted == {"7": (2, 1, 1, 1), "8": (1, 0, 0, 0)}


def test_pages_of_strangers_count_without_an_entry(session: OrmSession) -> None:
    store(session, seen(grade=Grade.NONE), seen())
    assert pages(session, "views", "entries") == {"/tea": (2, 1)}


def test_times_count_by_page_and_for_all_but_not_where_a_client_says_them(session: OrmSession) -> None:
    def timed(path: str, milliseconds: Any, **facts: Any) -> Any:
        return seen("Page Viewed", path, properties={"milliseconds": milliseconds}, **facts)

    store(session, timed("/a", 12), timed("/a", 12), timed("/b", 300), timed("/b", "fast"), timed("/b", -1))
    store(session, timed("/b", 5, message_id="client"))
    query = select(TimingDay, Page.path).join(Page, Page.id == TimingDay.page_id, isouter=True)
    rows = {(path, row.bucket): row.views for row, path in session.execute(query)}
    assert rows == {
        ("/a", bucket_of(12)): 2, ("/b", bucket_of(300)): 1, (None, bucket_of(12)): 2, (None, bucket_of(300)): 1,
    }  # fmt: skip


def test_machines_are_counted_by_name_and_nowhere_else(session: OrmSession) -> None:
    for agent in ("Googlebot/2.1", "Mozilla/5.0 (compatible; Googlebot/2.1)", "", "curl/8.5"):
        store(session, seen(user_agent=agent), seen("Product Viewed", "7", user_agent=agent))
    store(session, seen(machine=True, user_agent="acme/1.0"))
    rows = {row.name: row.views for row in session.scalars(select(BotDay))}
    assert rows == {"googlebot": 2, "unnamed": 1, "curl": 1, "acme": 1}
    day = session.get_one(DayFigures, TODAY)
    assert (day.bot_views, day.page_views, day.visitors) == (5, 0, 0)
    assert (pages(session, "views"), products(session, "views")) == ({}, {})


def test_a_server_that_reports_for_a_person_is_no_machine(session: OrmSession) -> None:
    store(session, seen(machine=False, user_agent="analytics-python/2.3"))
    assert pages(session, "views") == {"/tea": (1,)}


def test_a_message_counts_once_in_every_figure(session: OrmSession) -> None:
    message = seen("Product Viewed", "7", message_id="one")
    store(session, message, message, message._replace(visitor_token=ADA[::-1]))
    store(session, message, seen("Product Viewed", "7", grade=Grade.NONE, message_id="two"))
    store(session, seen("Product Viewed", "7", grade=Grade.NONE, message_id="two"))
    assert products(session, "views") == {"7": (2,)}
    assert session.get_one(DayFigures, TODAY).product_views == 2
