"""A made-up day of a shop, as many steps as wanted, for the tests of archive, log and retention."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from tracking.clickstream.event import Event
from tracking.clickstream.sessions import Session as Visit
from tracking.visitors import Visitor

ZONE = "Europe/Berlin"
TOLD = frozenset({"Order Completed"})
DAY = date(2026, 11, 3)
AGENT_PAGES = [f"/p/{number}-a-product-with-a-name" for number in range(2000)] + ["/", "/search", "/cart", "/checkout"]


def fill(session: Session, day: date = DAY, *, visits: int = 10, pages: int = 5, seed: int = 1) -> list[int]:
    """Visits with page views, product views and searches on a day; returns the events' ids."""
    chance = random.Random(seed * 1000 + day.toordinal())
    start = datetime.combine(day, time(6), UTC)
    rows = []
    for _visit in range(visits):
        at = start + timedelta(seconds=chance.random() * 50_000)
        token = f"{chance.getrandbits(128):032x}"
        visitor = session.execute(
            insert(Visitor).values(token=token, first_seen_at=at, simulated=False).returning(Visitor.id)
        ).scalar_one()
        visit = session.execute(
            insert(Visit)
            .values(visitor_id=visitor, started_at=at, last_at=at + timedelta(minutes=9), day=day)
            .returning(Visit.id)
        ).scalar_one()
        for _page in range(pages):
            at += timedelta(seconds=chance.random() * 60)
            rows.append(_view(chance, at, visitor, visit))
    rows.append({**_view(chance, start, None, None), "name": "Product Viewed", "subject": "17"})
    rows.append(
        {**_view(chance, start, None, None), "name": "Order Completed", "subject": "", "message_id": f"o{day}{seed}"}
    )
    if rows:
        session.execute(insert(Event), rows)
    session.commit()
    return sorted(session.scalars(select(Event.id)))


def _view(chance: random.Random, at: datetime, visitor: int | None, visit: int | None) -> dict[str, object]:
    number = int(len(AGENT_PAGES) * chance.random() ** 3)
    path = AGENT_PAGES[number]
    return {
        "message_id": None, "name": "Page Viewed", "happened_at": at, "visitor_id": visitor, "session_id": visit,
        "customer_id": None, "order_reference": None, "subject": path, "simulated": False,
        "properties": {
            "title": f"A product with the name {number}", "status": 200, "milliseconds": int(chance.gammavariate(3, 8)),
        },
    }  # fmt: skip
