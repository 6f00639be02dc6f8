"""Counting: what the steps and visits of a history add to the days, as columns that go straight into sheets.

The rules are those of `day_counts.py` and `visits.py`; what searches led to is counted by `search_trail` itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
from sqlalchemy.orm import Session

from tracking.record import Record

from ..closing import fold
from ..columns import Columns
from ..dimensions import Page, ProductKey, Term, ids_of
from ..rollups import AudienceDay, BotDay, DayFigures, PageDay, ProductDay, Tally, TermDay, TimingDay, store
from ..sheets import figures_of, keys_of
from .reading import Engine
from .tables import register

_FAMILIES: tuple[tuple[type[Record], str], ...] = (
    (AudienceDay, """
        SELECT day, audience_id, count(*) AS sessions, sum(bounced::INT) AS bounces, sum(page_views) AS page_views,
            sum(product_views) AS product_views, sum(searches) AS searches, sum(cart_adds) AS cart_adds,
            sum(checkouts) AS checkouts, sum(orders) AS orders, sum(seconds) AS seconds,
            sum((stage >= 1)::INT) AS stage_1, sum((stage >= 2)::INT) AS stage_2, sum((stage >= 3)::INT) AS stage_3,
            sum((stage >= 4)::INT) AS stage_4, sum(revenue_minor) AS revenue_minor
        FROM finished GROUP BY ALL"""),
    (PageDay, """
        SELECT day, id, sum(views) AS views, sum(engagements) AS engagements, sum(seconds) AS seconds,
            sum(entries) AS entries, sum(bounces) AS bounces, sum(entry_product_views) AS entry_product_views,
            sum(entry_cart_adds) AS entry_cart_adds, sum(entry_orders) AS entry_orders,
            sum(entry_revenue_minor) AS entry_revenue_minor
        FROM (
            SELECT day, page_ids.id, count(*) FILTER (name = 'Page Viewed') AS views,
                count(*) FILTER (name = 'Page Engaged') AS engagements,
                coalesce(sum(kinds.seconds) FILTER (name = 'Page Engaged'), 0) AS seconds, 0 AS entries, 0 AS bounces,
                0 AS entry_product_views, 0 AS entry_cart_adds, 0 AS entry_orders, 0 AS entry_revenue_minor
            FROM steps JOIN subjects ON subjects.number = steps.subject JOIN page_ids ON page_ids.text = page
            JOIN kinds ON kinds.number = kind
            WHERE NOT bot AND name IN ('Page Viewed', 'Page Engaged') GROUP BY ALL
            UNION ALL
            SELECT day, entry_page_id, 0, 0, 0, count(*), sum(bounced::INT), sum(product_views), sum(cart_adds),
                sum(orders), sum(revenue_minor)
            FROM finished WHERE entry_page_id IS NOT NULL GROUP BY ALL)
        GROUP BY ALL"""),
    (TimingDay, """
        SELECT day, unnest(places) AS place, bucket, views FROM (
            SELECT day, list_distinct([0, coalesce(page_ids.id, 0)]) AS places, bucket, count(*) AS views
            FROM steps JOIN kinds ON kinds.number = kind JOIN subjects ON subjects.number = steps.subject
            LEFT JOIN page_ids ON page_ids.text = page
            WHERE NOT bot AND name = 'Page Viewed' AND bucket IS NOT NULL AND message_id IS NULL GROUP BY ALL)"""),
    (ProductDay, """
        SELECT day, product_ids.id, sum(views) AS views, sum(cart_adds) AS cart_adds,
            sum(cart_removals) AS cart_removals, sum(impressions) AS impressions
        FROM (
            SELECT day, product, count(*) FILTER (name = 'Product Viewed') AS views,
                count(*) FILTER (name = 'Product Added') AS cart_adds,
                count(*) FILTER (name = 'Product Removed') AS cart_removals, 0 AS impressions
            FROM steps JOIN subjects ON subjects.number = steps.subject
            WHERE NOT bot AND name IN ('Product Viewed', 'Product Added', 'Product Removed') GROUP BY ALL
            UNION ALL
            SELECT day, unnest(shown) AS product, 0, 0, 0, n FROM (
                SELECT day, kind, count(*) AS n FROM steps
                WHERE NOT bot AND name IN ('Product List Viewed', 'Products Searched', 'Recommendations Shown')
                GROUP BY ALL) JOIN kinds ON kinds.number = kind)
        JOIN product_ids ON product_ids.text = product GROUP BY ALL"""),
    (TermDay, """
        SELECT day, term_ids.id, count(*) AS searches, sum(zero_results::INT) AS zero_results
        FROM steps JOIN subjects ON subjects.number = steps.subject JOIN term_ids ON term_ids.text = term
        JOIN kinds ON kinds.number = kind
        WHERE NOT bot AND counts AND name = 'Products Searched' GROUP BY ALL"""),
)  # fmt: skip


def number_texts(session: Session, engine: Engine) -> None:
    """Numbers for all pages, products and terms: tables `page_ids`, `product_ids`, `term_ids` (text, id)."""
    pages = """SELECT DISTINCT page FROM steps JOIN subjects ON subjects.number = steps.subject
        WHERE NOT bot AND name IN ('Page Viewed', 'Page Engaged') AND page <> ''
        UNION SELECT entry_path FROM visits WHERE entry_path <> ''"""
    products = """SELECT DISTINCT product FROM steps JOIN subjects ON subjects.number = steps.subject WHERE NOT bot
        AND name IN ('Product Viewed', 'Product Added', 'Product Removed') AND product <> ''
        UNION SELECT DISTINCT unnest(shown) FROM kinds WHERE number IN (SELECT kind FROM steps WHERE NOT bot
            AND name IN ('Product List Viewed', 'Products Searched', 'Recommendations Shown'))"""
    terms = """SELECT DISTINCT term FROM steps JOIN subjects ON subjects.number = steps.subject
        WHERE NOT bot AND counts AND name = 'Products Searched' AND term <> ''"""
    for table, record, query in (
        ("page_ids", Page, pages),
        ("product_ids", ProductKey, products),
        ("term_ids", Term, terms),
    ):
        texts = [text for (text,) in engine.execute(query).fetchall()]
        ids = ids_of(session, record, texts)
        register(engine, table, {"text": list(ids), "id": list(ids.values())}, {"text": "string", "id": "int64"})


def count_days(session: Session, engine: Engine) -> None:
    """Add everything to the sheets of its days, and the days' own figures to their rows."""
    for record, query in _FAMILIES:
        for month, days in _by_month(record, engine, query):
            fold(session, record, month, days)
    tally = Tally()
    for day, *figures in engine.execute(_DAYS).fetchall():
        tally.add(DayFigures, (day,), dict(zip(_DAY_FIGURES, map(int, figures), strict=True)))
    for day, name, views in engine.execute(_BOTS).fetchall():
        tally[BotDay][day, name]["views"] += views
        tally[DayFigures][(day,)]["bot_views"] += views
    for day, sessions, visitors, orders in engine.execute(_VISITS).fetchall():
        figures = {"sessions": sessions, "visitors": int(visitors), "visit_orders": int(orders)}
        tally.add(DayFigures, (day,), figures)
    store(session, tally)


_DAY_FIGURES = ("page_views", "product_views", "searches", "cart_adds", "checkouts")
_DAYS = """
    SELECT day, count(*) FILTER (name = 'Page Viewed'), count(*) FILTER (name = 'Product Viewed'),
        count(*) FILTER (name = 'Products Searched' AND counts), count(*) FILTER (name = 'Product Added'),
        count(*) FILTER (name = 'Checkout Started')
    FROM steps WHERE NOT bot GROUP BY day"""
_BOTS = """SELECT day, bot_name, count(*) FROM steps JOIN agents ON agents.number = agent
    WHERE steps.bot AND name = 'Page Viewed' GROUP BY ALL"""
_VISITS = "SELECT day, count(*), sum(first_of_day::INT), 0 FROM finished GROUP BY day"


def _by_month(record: type[Record], engine: Engine, query: str) -> Iterator[tuple[date, dict[date, Columns]]]:
    """A family's columns, month by month, sorted as a sheet is."""
    width, names = len(keys_of(record)), figures_of(record)
    columns = engine.sql(query).columns
    placed = ", ".join(f'"{name}"' for name in columns[: width + 1])
    summed = ", ".join(f'sum("{name}")::BIGINT AS "{name}"' for name in columns[width + 1 :])
    found = engine.sql(f"SELECT {placed}, {summed} FROM ({query}) GROUP BY ALL ORDER BY {placed}").to_arrow_table()  # noqa: S608
    read = {name: found.column(number) for number, name in enumerate(found.column_names)}
    ordered = [found.column(number) for number in range(width + 1)]
    if not found.num_rows:
        return
    ordinals = ordered[0].cast("int32").to_numpy().astype(np.int64)
    keys = np.stack([column.to_numpy().astype(np.int64) for column in ordered[1:]], axis=1)
    zeros = np.zeros(len(ordinals), dtype=np.int64)
    figures = {name: read[name].to_numpy().astype(np.int64) if name in read else zeros for name in names}
    edges = np.flatnonzero(np.diff(ordinals)) + 1
    months: dict[date, dict[date, Columns]] = {}
    for start, end in zip([0, *edges], [*edges, len(ordinals)], strict=True):
        day = date.fromordinal(int(ordinals[start]) + _EPOCH)
        of_day = Columns(keys[start:end], {name: values[start:end] for name, values in figures.items()})
        months.setdefault(day.replace(day=1), {})[day] = of_day
    yield from months.items()


_EPOCH = date(1970, 1, 1).toordinal()
