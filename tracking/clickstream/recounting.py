"""Recounting: the rules of the roll-ups once more, in the column engine's SQL over raw events, visits and orders.

Written from the rules that stand in `day_counts.py`, `visits.py`, `search_trail.py` and `earnings.py`, and not from
their code. Tables: `events` (`event_columns`), `visits`, `pages`, `products`, `terms` (id, name), `subjects` (subject,
term), `days` (day, from_us, to_us: those asked for), `orders`, `lines`, `refunds`, `refund_lines`.
"""

from __future__ import annotations

from tracking.record import Record

from .rollups import AudienceDay, DayFigures, PageDay, ProductDay, RefinementDay, TermDay, TimingDay

PREPARE = """
CREATE OR REPLACE TEMP TABLE steps AS
SELECT events.*, days.day, coalesce(json_extract(properties, '$.first_position')::VARCHAR, '1') = '1' AS first_page,
    CASE WHEN json_type(properties, '$.seconds') IN ('DOUBLE', 'BIGINT', 'UBIGINT')
        AND json_extract(properties, '$.seconds')::DOUBLE BETWEEN 0 AND 1e9
        THEN least(trunc(json_extract(properties, '$.seconds')::DOUBLE), 86400) ELSE 0 END AS engaged
FROM events LEFT JOIN days ON at_us >= from_us AND at_us < to_us;

CREATE OR REPLACE TEMP TABLE of_visits AS
SELECT visits.id, visits.day, audience_id, entry_page_id, visits.visitor_id, orders, revenue_minor,
    visits.simulated::INT AS simulated,
    count(*) FILTER (name = 'Page Viewed') AS page_views,
    count(*) FILTER (name = 'Product Viewed') AS product_views,
    count(*) FILTER (name = 'Products Searched' AND first_page) AS searches,
    count(*) FILTER (name = 'Product Added') AS cart_adds,
    count(*) FILTER (name = 'Checkout Started') AS checkouts,
    coalesce(sum(engaged) FILTER (name = 'Page Engaged'), 0)::BIGINT AS seconds
FROM visits LEFT JOIN steps ON steps.session_id = visits.id
GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE result_pages AS
SELECT session_id, steps.id, at_us, steps.day, term, first_page,
    CASE WHEN json_type(properties, '$.first_position') IN ('BIGINT', 'UBIGINT')
        AND json_extract(properties, '$.first_position')::BIGINT BETWEEN 1 AND 10000
        THEN json_extract(properties, '$.first_position')::BIGINT ELSE 1 END AS first_position,
    list_transform(json_extract(properties, '$.product_ids[*]')[1:500],
        lambda one: CASE WHEN json_type(one) = 'VARCHAR' THEN json_extract_string(one, '$')[1:64] ELSE '' END) AS shown
FROM steps JOIN subjects USING (subject) WHERE name = 'Products Searched';

CREATE OR REPLACE TEMP TABLE clicks AS
SELECT session_id, term, product, arg_min(searched_us, (view_us, view_id)) AS searched_us,
    arg_min(searched_day, (view_us, view_id)) AS day, arg_min(position, (view_us, view_id)) AS position,
    min(view_us) AS first_us
FROM (
    SELECT v.session_id, v.id AS view_id, v.at_us AS view_us, v.subject[1:64] AS product, p.term,
        p.at_us AS searched_us, p.day AS searched_day,
        p.first_position + list_position(p.shown, v.subject[1:64]) - 1 AS position
    FROM steps v JOIN result_pages p ON p.session_id = v.session_id AND p.term <> ''
        AND p.at_us <= v.at_us AND v.at_us <= p.at_us + 1800000000 AND list_contains(p.shown, v.subject[1:64])
    WHERE v.name = 'Product Viewed' AND v.subject <> ''
    QUALIFY row_number() OVER (PARTITION BY v.id ORDER BY p.at_us DESC, p.id DESC) = 1
) GROUP BY session_id, term, product;

CREATE OR REPLACE TEMP TABLE added AS
SELECT DISTINCT session_id, term, product, day FROM (
    SELECT c.* FROM steps a JOIN clicks c ON c.session_id = a.session_id AND c.product = a.subject[1:64]
        AND c.first_us <= a.at_us
    WHERE a.name = 'Product Added'
    QUALIFY row_number() OVER (PARTITION BY a.id ORDER BY c.searched_us DESC, c.term) = 1
);

CREATE OR REPLACE TEMP TABLE trail AS
SELECT session_id, day, term, lag(term) OVER (PARTITION BY session_id ORDER BY at_us, id) AS before FROM (
    SELECT session_id, day, at_us, id, term FROM result_pages
    WHERE first_page AND term <> '' AND session_id IS NOT NULL
    UNION ALL SELECT session_id, day, at_us, id, '' FROM steps WHERE name = 'Product Viewed' AND session_id IS NOT NULL
);
"""

COUNTS: tuple[tuple[type[Record], str], ...] = (
    (DayFigures, """SELECT day, count(*) FILTER (name = 'Page Viewed') AS page_views,
        count(*) FILTER (name = 'Product Viewed') AS product_views,
        count(*) FILTER (name = 'Products Searched' AND first_page) AS searches,
        count(*) FILTER (name = 'Product Added') AS cart_adds,
        count(*) FILTER (name = 'Checkout Started') AS checkouts
        FROM steps WHERE day IS NOT NULL GROUP BY day"""),
    (DayFigures, """SELECT day, count(*) AS sessions, count(DISTINCT visitor_id) AS visitors
        FROM of_visits GROUP BY day"""),
    (DayFigures, """SELECT day, count(*) AS orders, sum(total_minor) AS revenue_minor
        FROM orders WHERE day IS NOT NULL GROUP BY day"""),
    (DayFigures, "SELECT day, sum(amount_minor) AS refunds_minor FROM refunds WHERE day IS NOT NULL GROUP BY day"),
    (AudienceDay, """SELECT day, audience_id, count(*) AS sessions, sum(simulated) AS simulated_sessions,
        count(*) FILTER (page_views = 1 AND cart_adds = 0 AND checkouts = 0 AND orders = 0) AS bounces,
        sum(page_views) AS page_views, sum(product_views) AS product_views, sum(searches) AS searches,
        sum(cart_adds) AS cart_adds, sum(checkouts) AS checkouts, sum(orders) AS orders, sum(seconds) AS seconds,
        count(*) FILTER (product_views > 0 OR cart_adds > 0 OR checkouts > 0 OR orders > 0) AS stage_1,
        count(*) FILTER (cart_adds > 0 OR checkouts > 0 OR orders > 0) AS stage_2,
        count(*) FILTER (checkouts > 0 OR orders > 0) AS stage_3, count(*) FILTER (orders > 0) AS stage_4,
        sum(revenue_minor) AS revenue_minor
        FROM of_visits WHERE audience_id IS NOT NULL GROUP BY day, audience_id"""),
    (AudienceDay, """SELECT refunds.day, v.audience_id, sum(amount_minor) AS refunds_minor
        FROM refunds JOIN orders ON orders.id = refunds.order_id JOIN all_visits v ON v.id = orders.session_id
        WHERE refunds.day IS NOT NULL AND v.audience_id IS NOT NULL GROUP BY ALL"""),
    (PageDay, """SELECT day, pages.id, count(*) FILTER (steps.name = 'Page Viewed') AS views,
        count(*) FILTER (steps.name = 'Page Engaged') AS engagements,
        coalesce(sum(engaged) FILTER (steps.name = 'Page Engaged'), 0)::BIGINT AS seconds
        FROM steps JOIN pages ON pages.name = subject[1:200] WHERE day IS NOT NULL AND subject <> ''
        AND steps.name IN ('Page Viewed', 'Page Engaged') GROUP BY ALL"""),
    (PageDay, """SELECT day, entry_page_id, count(*) AS entries,
        count(*) FILTER (page_views = 1 AND cart_adds = 0 AND checkouts = 0 AND orders = 0) AS bounces,
        sum(product_views) AS entry_product_views, sum(cart_adds) AS entry_cart_adds, sum(orders) AS entry_orders,
        sum(revenue_minor) AS entry_revenue_minor
        FROM of_visits WHERE entry_page_id IS NOT NULL GROUP BY day, entry_page_id"""),
    (PageDay, """SELECT refunds.day, v.entry_page_id, sum(amount_minor) AS entry_refunds_minor
        FROM refunds JOIN orders ON orders.id = refunds.order_id JOIN all_visits v ON v.id = orders.session_id
        WHERE refunds.day IS NOT NULL AND v.entry_page_id IS NOT NULL GROUP BY ALL"""),
    (TimingDay, """SELECT day, pages.id, edges.bucket, count(*) AS views
        FROM steps ASOF JOIN edges ON milliseconds >= edges.edge JOIN pages ON pages.name = subject[1:200]
        WHERE day IS NOT NULL AND subject <> '' AND steps.name = 'Page Viewed'
        AND message_id IS NULL AND milliseconds <= 86400000 GROUP BY ALL"""),
    (TimingDay, """SELECT day, 0, edges.bucket, count(*) AS views
        FROM steps ASOF JOIN edges ON milliseconds >= edges.edge WHERE day IS NOT NULL
        AND steps.name = 'Page Viewed' AND message_id IS NULL AND milliseconds <= 86400000 GROUP BY ALL"""),
    (ProductDay, """SELECT day, products.id, count(*) FILTER (steps.name = 'Product Viewed') AS views,
        count(*) FILTER (steps.name = 'Product Added') AS cart_adds,
        count(*) FILTER (steps.name = 'Product Removed') AS cart_removals
        FROM steps JOIN products ON products.name = subject[1:64] WHERE day IS NOT NULL AND subject <> ''
        AND steps.name IN ('Product Viewed', 'Product Added', 'Product Removed') GROUP BY ALL"""),
    (ProductDay, """SELECT day, products.id, count(*) AS impressions FROM (
            SELECT day, unnest(list_distinct(list_transform(
                list_filter(json_extract(properties, '$.product_ids[*]')[1:500],
                    lambda one: json_type(one) = 'VARCHAR'),
                lambda one: json_extract_string(one, '$')[1:64]))) AS product
            FROM steps WHERE day IS NOT NULL
            AND name IN ('Product List Viewed', 'Products Searched', 'Recommendations Shown'))
        JOIN products ON products.name = product WHERE product <> '' GROUP BY ALL"""),
    (ProductDay, """SELECT day, products.id, count(*) AS order_lines, sum(quantity) AS units,
        sum(net_minor) AS revenue_minor
        FROM lines JOIN orders ON orders.id = order_id JOIN products ON products.name = product
        WHERE day IS NOT NULL GROUP BY ALL"""),
    (ProductDay, """SELECT day, products.id, sum(quantity) AS returned_units, sum(l.amount_minor) AS refunds_minor
        FROM refund_lines l JOIN refunds ON refunds.id = refund_id JOIN products ON products.name = product
        WHERE day IS NOT NULL GROUP BY ALL"""),
    (TermDay, """SELECT day, terms.id, count(*) AS searches, count(*) FILTER (json_type(properties, '$.results')
            IN ('BIGINT', 'UBIGINT', 'DOUBLE') AND json_extract(properties, '$.results')::DOUBLE = 0) AS zero_results
        FROM steps JOIN subjects USING (subject) JOIN terms ON terms.name = term
        WHERE day IS NOT NULL AND steps.name = 'Products Searched' AND first_page AND term <> '' GROUP BY ALL"""),
    (TermDay, """SELECT day, terms.id, count(*) AS clicks, sum(position) AS position_sum
        FROM clicks JOIN terms ON terms.name = term WHERE day IS NOT NULL GROUP BY ALL"""),
    (TermDay, """SELECT day, terms.id, count(*) AS cart_adds
        FROM added JOIN terms ON terms.name = term WHERE day IS NOT NULL GROUP BY ALL"""),
    (RefinementDay, """SELECT day, b.id, t.id, count(*) AS times FROM trail JOIN terms t ON t.name = term
        JOIN terms b ON b.name = before WHERE day IS NOT NULL AND before <> term GROUP BY ALL"""),
)  # fmt: skip
"""A roll-up, and a query of its day, keys and some of its figures. Not counted anew: machines (they leave no event),
what searches earned (`SearchClick` has it), cohorts, first orders and registrations."""
