"""Searches, orders, refunds and costs in the roll-ups, as reactions and ingest would have left them; and their days."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from sqlalchemy.orm import Session

from ecrm.marketing.campaigns import Campaign, CostEntry
from tracking.clickstream.dimensions import ProductKey, Term, ids_of
from tracking.clickstream.rollups import CohortMonth, DayFigures, ProductDay, RefinementDay, TermDay, add_to
from tracking.clickstream.searches import SearchClick
from tracking.clickstream.sessions import Session as Visit
from tracking.customers import Customer
from tracking.orders import SeenOrder, SeenOrderLine, SeenRefund, SeenRefundLine
from tracking.visitors import Visitor


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def term(session: Session, words: str) -> int:
    """The number of a term."""
    return ids_of(session, Term, [words])[words]


def product(session: Session, number: str) -> int:
    """The number of a product in the roll-up."""
    return ids_of(session, ProductKey, [number])[number]


def customer(session: Session, name: str) -> int:
    """The number of a new customer."""
    row = Customer(reference=name, email=f"{name}@example.com", first_name=name, created_at=noon(date(2020, 1, 1)))
    session.add(row)
    session.flush()
    return row.id


def searched(session: Session, day: date, words: str, *, times: int = 1, found: bool = True) -> None:
    """A term searched so often on a day."""
    figures = {"searches": times, "zero_results": 0 if found else times}
    add_to(session, TermDay, {"day": day, "term_id": term(session, words)}, figures)


def refined(session: Session, day: date, words: str, following: str, *, times: int) -> None:
    """One search followed by another."""
    key = {"day": day, "term_id": term(session, words), "next_term_id": term(session, following)}
    add_to(session, RefinementDay, key, {"times": times})


def opened(
    session: Session, day: date, words: str, number: str, *, position: int, order_id: int | None = None, net: int = 0
) -> None:
    """A product opened from a term's results; with an order, bought."""
    browser = Visitor(token=f"{session.query(Visitor).count() + 900:032x}", first_seen_at=noon(day))
    session.add(browser)
    session.flush()
    visit = Visit(visitor_id=browser.id, started_at=noon(day), last_at=noon(day), day=day, entry_path="/")
    session.add(visit)
    session.flush()
    key = {"day": day, "term_id": term(session, words)}
    bought = int(order_id is not None)
    add_to(session, TermDay, key, {
        "clicks": 1, "position_sum": position, "cart_adds": bought, "orders": bought, "revenue_minor": net,
    })  # fmt: skip
    session.add(
        SearchClick(
            session_id=visit.id, term_id=key["term_id"], product_key_id=product(session, number),
            searched_at=noon(day), position=position, added=bool(bought), order_id=order_id, revenue_minor=net,
        )
    )  # fmt: skip


def ordered(
    session: Session, day: date, reference: str, customer_id: int, goods: dict[str, int], *, cohort: date | None = None
) -> int:
    """An order of products at these prices; `cohort`: the month of the customer's first order, None: this is it."""
    total = sum(goods.values())
    order = SeenOrder(
        reference=reference, customer_id=customer_id, placed_at=noon(day), currency="EUR", goods_minor=total,
        total_minor=total, is_first=cohort is None,
    )  # fmt: skip
    session.add(order)
    session.flush()
    for position, (number, net) in enumerate(goods.items(), start=1):
        line = SeenOrderLine(
            order_id=order.id, position=position, product=number, name=f"Sold {number}", quantity=1, net_minor=net
        )
        session.add(line)
        key = {"day": day, "product_key_id": product(session, number)}
        add_to(session, ProductDay, key, {"order_lines": 1, "units": 1, "revenue_minor": net})
    first = {"new_customers": 1, "new_revenue_minor": total} if cohort is None else {}
    add_to(session, DayFigures, {"day": day}, {"orders": 1, "revenue_minor": total, **first})
    month = day.replace(day=1)
    add_to(
        session, CohortMonth, {"cohort": cohort or month, "month": month},
        {"customers": 1, "orders": 1, "revenue_minor": total},
    )  # fmt: skip
    return order.id


def given_back(session: Session, day: date, reference: str, order_id: int, number: str, amount: int) -> None:
    """Money given back for a product of an order."""
    order = session.get_one(SeenOrder, order_id)
    refund = SeenRefund(
        reference=reference, order_id=order_id, customer_id=order.customer_id, refunded_at=noon(day),
        amount_minor=amount, reason="broken",
    )  # fmt: skip
    session.add(refund)
    session.flush()
    session.add(SeenRefundLine(refund_id=refund.id, position=1, product=number, quantity=1, amount_minor=amount))
    key = {"day": day, "product_key_id": product(session, number)}
    add_to(session, ProductDay, key, {"returned_units": 1, "refunds_minor": amount})
    add_to(session, DayFigures, {"day": day}, {"refunds_minor": amount})


def campaign(session: Session, code: str, channel: str) -> int:
    """The number of a new campaign."""
    row = Campaign(
        code=code, name=code.title(), channel=channel, first_day=date(2020, 1, 1), created_at=noon(date(2020, 1, 1))
    )
    session.add(row)
    session.flush()
    return row.id


def spent(session: Session, day: date, campaign_id: int, amount: int, *, clicks: int | None = None) -> None:
    """What a campaign cost on a day."""
    session.add(
        CostEntry(
            campaign_id=campaign_id, day=day, amount_minor=amount, clicks=clicks, origin="entered",
            reference=f"{campaign_id}:{day}", entered_at=noon(day),
        )
    )  # fmt: skip
