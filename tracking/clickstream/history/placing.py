"""Placing: which visit a step belongs to, and what is known of the visits; the rules of `visits.py` in one sweep."""

from __future__ import annotations

from ..sessions import IDLE, PASSIVE
from .reading import Engine


def place(engine: Engine) -> int:
    """Make `placed` (seq, opener) and `visits` of `steps`, `customers` (reference, id) and `known_tokens` (of browsers
    that had a visit before).

    Steps come in the order of time. So where 30 minutes pass without one, a stretch ends; its first step that isn't
    passive opens a visit, and everything from there to the stretch's end belongs to it.

    Returns:
        How many visits there are; `visits.number` counts them from 0 in the order in which they began.
    """
    passive = ", ".join(f"'{name}'" for name in sorted(PASSIVE))
    engine.execute(_PLACED.format(idle=int(IDLE.total_seconds() * 1_000_000), passive=passive))
    engine.execute(_VISITS)
    (count,) = engine.execute("SELECT count(*) FROM visits").fetchall()[0]
    return int(count)


_PLACED = """
CREATE TABLE placed AS
SELECT seq, opener FROM (
    SELECT seq, min(CASE WHEN name NOT IN ({passive}) THEN seq END) OVER (PARTITION BY token, stretch) AS opener
    FROM (
        SELECT seq, token, name,
            count(*) FILTER (pause IS NULL OR pause >= {idle}) OVER (PARTITION BY token ORDER BY seq) AS stretch
        FROM (
            SELECT seq, token, name, at_us - lag(at_us) OVER (PARTITION BY token ORDER BY seq) AS pause
            FROM steps WHERE NOT bot AND token IS NOT NULL)))
WHERE seq >= opener
ORDER BY seq;
"""

_VISITS = """
CREATE TABLE gathered AS
SELECT opener, any_value(token) AS token, min(at_us) AS started_us, max(at_us) AS last_us,
    min(seq) FILTER (name = 'Page Viewed') AS first_view,
    count(*) FILTER (name = 'Page Viewed') AS page_views,
    count(*) FILTER (name = 'Product Viewed') AS product_views,
    count(*) FILTER (name = 'Products Searched' AND counts) AS searches,
    count(*) FILTER (name = 'Product Added') AS cart_adds,
    count(*) FILTER (name = 'Checkout Started') AS checkouts,
    coalesce(sum(kinds.seconds) FILTER (name = 'Page Engaged'), 0)::BIGINT AS seconds,
    min(grade)::INTEGER AS grade,
    CASE WHEN count(DISTINCT customers.id) > 1 THEN 0 ELSE min(customers.id) END AS customer_id
FROM placed JOIN steps USING (seq) JOIN kinds ON kinds.number = steps.kind
LEFT JOIN customers ON customers.reference = steps.customer
GROUP BY opener;

CREATE TABLE visits AS
SELECT (row_number() OVER (ORDER BY v.opener) - 1)::BIGINT AS number, v.*, o.day, agents.device,
    upper(o.country[1:2]) AS country,
    row_number() OVER (PARTITION BY v.token ORDER BY v.opener) > 1 OR v.token IN (SELECT token FROM known_tokens)
        AS is_returning,
    row_number() OVER (PARTITION BY v.token, o.day ORDER BY v.opener) = 1 AS first_of_day,
    coalesce(first_view, v.opener) AS arrival, kinds.origin, kinds.stored_referrer AS referrer, a.at_us AS arrived_us,
    CASE WHEN a.name = 'Page Viewed' THEN subjects.page ELSE a.path[1:200] END AS entry_path,
    0::BIGINT AS orders, 0::BIGINT AS revenue_minor
FROM gathered v
JOIN steps o ON o.seq = v.opener
JOIN agents ON agents.number = o.agent
JOIN steps a ON a.seq = coalesce(v.first_view, v.opener)
JOIN kinds ON kinds.number = a.kind
JOIN subjects ON subjects.number = a.subject
ORDER BY v.opener;
DROP TABLE gathered;
"""
