"""Visits in the roll-ups, as ingest would have left them, for the tests of reports."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from ecrm.wording import today
from tracking.clickstream import rollups
from tracking.clickstream.dimensions import Audience, Page, Source
from tracking.clickstream.sessions import Session as Visit
from tracking.customers import Customer
from tracking.orders import SeenOrder, SeenRefund
from tracking.visitors import Visitor


def audience(
    session: Session, channel: str, source: str = "", *, campaign: str = "", device: str = "desktop", back: bool = False
) -> int:
    """The number of an audience, made where it is new."""
    found = session.scalar(
        select(Source).where(Source.channel == channel, Source.source == source, Source.campaign == campaign)
    )
    if found is None:
        found = Source(channel=channel, source=source, campaign=campaign)
        session.add(found)
        session.flush()
    known = session.scalar(
        select(Audience).where(
            Audience.source_id == found.id, Audience.device == device, Audience.is_returning.is_(back)
        )
    )
    if known is None:
        known = Audience(source_id=found.id, device=device, is_returning=back)
        session.add(known)
        session.flush()
    return known.id


def page(session: Session, path: str) -> int:
    """The number of a page, made where it is new."""
    known = session.scalar(select(Page).where(Page.path == path))
    if known is None:
        known = Page(path=path)
        session.add(known)
        session.flush()
    return known.id


def visit(
    session: Session,
    day: date,
    audience_id: int,
    *,
    entry: str = "/",
    stage: int = 0,
    pages: int = 1,
    revenue_minor: int = 0,
    simulated: bool = False,
) -> Visit:
    """A visit and what it counts as; one that reached stage 4 ordered once."""
    entry_id = page(session, entry)
    browser = Visitor(token=f"{session.query(Visitor).count():032x}", first_seen_at=_noon(day))
    session.add(browser)
    session.flush()
    figures = {
        "page_views": pages, "product_views": int(stage >= 1), "cart_adds": int(stage >= 2),
        "checkouts": int(stage >= 3), "orders": int(stage >= 4), "revenue_minor": revenue_minor,
    }  # fmt: skip
    bounced = pages == 1 and stage < 2
    row = Visit(
        visitor_id=browser.id, started_at=_noon(day), last_at=_noon(day), day=day, audience_id=audience_id,
        entry_page_id=entry_id, entry_path=entry, stage=stage, bounced=bounced, simulated=simulated, **figures,
    )  # fmt: skip
    session.add(row)
    session.flush()
    stages = {f"stage_{n}": int(stage >= n) for n in (1, 2, 3, 4)}
    rollups.add_to(
        session, rollups.AudienceDay, {"day": day, "audience_id": audience_id},
        {"sessions": 1, "simulated_sessions": int(simulated), "bounces": int(bounced), **figures, **stages},
    )  # fmt: skip
    rollups.add_to(
        session, rollups.PageDay, {"day": day, "page_id": entry_id},
        {
            "views": pages, "entries": 1, "bounces": int(bounced), "entry_product_views": int(stage >= 1),
            "entry_cart_adds": int(stage >= 2), "entry_orders": int(stage >= 4), "entry_revenue_minor": revenue_minor,
        },
    )  # fmt: skip
    return row


def refund(session: Session, day: date, of: Visit | None, reference: str, amount_minor: int) -> None:
    """Money given back on a day for an order of the visit; without one, for an order that doesn't know its visit."""
    owner = Customer(email=f"{reference}@example.com", created_at=_noon(day))
    session.add(owner)
    session.flush()
    order = SeenOrder(
        reference=f"order-{reference}", customer_id=owner.id, session_id=of.id if of else None, placed_at=_noon(day),
        currency="EUR", goods_minor=amount_minor, total_minor=amount_minor,
    )  # fmt: skip
    session.add(order)
    session.flush()
    session.add(
        SeenRefund(
            reference=reference, order_id=order.id, customer_id=owner.id, refunded_at=_noon(day),
            amount_minor=amount_minor,
        )
    )  # fmt: skip
    if of is not None:
        of.refunds_minor += amount_minor
        key, entry = {"day": day, "audience_id": of.audience_id}, {"day": day, "page_id": of.entry_page_id}
        rollups.add_to(session, rollups.AudienceDay, key, {"refunds_minor": amount_minor})
        rollups.add_to(session, rollups.PageDay, entry, {"entry_refunds_minor": amount_minor})


def days_ago(days: int) -> date:
    """A day before today; needs an app."""
    return today() - timedelta(days=days)


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)
