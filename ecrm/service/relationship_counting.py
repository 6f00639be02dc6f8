"""Counting who asks and who buys, each night: messages of theirs in cases against orders placed.

A contact is a message that came in from the customer in a case, or a call of theirs that made no case; spam,
automatic replies and what was erased are none. An order is one that was placed in the window; its money is less what
was refunded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, func, select, union_all
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, sessionmaker

from ecrm.service.calls import Call, Way
from ecrm.service.cases.case import Case
from ecrm.service.cases.message import CaseMessage, Direction
from tracking.customers import Customer
from tracking.orders import SeenOrder

from .relationship import Relationship, RelationshipRun
from .relationship_much import Much, threshold

AT_ONCE = 5_000
"""Customers (by their numbers) a transaction."""


@dataclass(frozen=True)
class Counted:
    """What one run did."""

    customers: int
    much: Much

    def __str__(self) -> str:
        return f"{self.customers} customers placed; {self.much}"


def count_all(sessions: sessionmaker[Session], *, days: int, much: Much | None, now: datetime) -> Counted:
    """Place everybody who asked or bought in the window, a few thousand a transaction; two at once write the same."""
    since = now - timedelta(days=days)
    with sessions() as session:
        much = much or _of_the_shop(session, since, now)
        last = session.scalar(select(func.max(Customer.id))) or 0
    placed = 0
    for first in range(0, last + 1, AT_ONCE):
        with sessions.begin() as session:
            placed += _place(session, first, first + AT_ONCE, since, now, much)
    with sessions.begin() as session:
        session.add(
            RelationshipRun(
                as_of=now,
                days=days,
                much_contacts=much.contacts,
                much_orders=much.orders,
                by=much.by,
                customers=placed,
            )
        )
    return Counted(placed, much)


def _of_the_shop(session: Session, since: datetime, now: datetime) -> Much:
    asked, bought = _contacts(since, now).subquery(), _orders(since, now).subquery()
    contacts, orders = _spread(session, asked.c.contacts), _spread(session, bought.c.orders)
    both = session.scalar(
        select(func.count()).select_from(asked.join(bought, asked.c.customer_id == bought.c.customer_id))
    )
    people = sum(contacts.values()) + sum(orders.values()) - (both or 0)
    return Much(threshold(contacts, people=people), threshold(orders, people=people), "quantile")


def _spread(session: Session, column: Any) -> dict[int, int]:
    return {row[0]: row[1] for row in session.execute(select(column, func.count()).group_by(column))}


def _place(session: Session, first: int, end: int, since: datetime, now: datetime, much: Much) -> int:
    rows = list(_rows(session, first, end, since, now, much))
    session.execute(delete(Relationship).where(Relationship.customer_id >= first, Relationship.customer_id < end))
    if rows:
        _write(session, rows)
    return len(rows)


def _write(session: Session, rows: list[dict[str, Any]]) -> None:
    """What another count wrote meanwhile is written over: it is of the same night."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(Relationship)
    new = {name: statement.excluded[name] for name in ("cell", "contacts", "orders", "net_minor")}
    session.execute(statement.on_conflict_do_update(index_elements=["customer_id"], set_=new), rows)


def _rows(
    session: Session, first: int, end: int, since: datetime, now: datetime, much: Much
) -> Iterator[dict[str, Any]]:
    asked_by = _contacts(since, now, ids=(first, end))
    contacts = {customer: count for customer, count in session.execute(asked_by) if customer is not None}
    orders = {
        row[0]: (row[1], int(row[2]))
        for row in session.execute(
            _orders(since, now).where(SeenOrder.customer_id >= first, SeenOrder.customer_id < end)
        )
    }
    for customer in sorted({*contacts, *orders}):
        asked, (bought, net) = contacts.get(customer, 0), orders.get(customer, (0, 0))
        yield {
            "customer_id": customer, "cell": much.cell(contacts=asked, orders=bought), "contacts": asked,
            "orders": bought, "net_minor": net,
        }  # fmt: skip


def _contacts(since: datetime, now: datetime, *, ids: tuple[int, int] | None = None) -> Select[int | None, int]:
    """Their messages, and their calls that made no case, by customer. `ids`: from one number to before another."""
    said = (
        select(Case.customer_id)
        .join(CaseMessage, CaseMessage.case_id == Case.id)
        .where(
            Case.customer_id.is_not(None), Case.erased_at.is_(None), Case.spam.is_(False),
            CaseMessage.direction == Direction.IN, CaseMessage.automatic.is_(False), CaseMessage.at > since,
            CaseMessage.at <= now, CaseMessage.from_workshop.is_(False),
        )
    )  # fmt: skip
    rang = select(Call.customer_id).where(
        Call.customer_id.is_not(None), Call.direction == Way.IN, Call.case_id.is_(None), Call.started_at > since,
        Call.started_at <= now,
    )  # fmt: skip
    if ids is not None:
        said = said.where(Case.customer_id >= ids[0], Case.customer_id < ids[1])
        rang = rang.where(Call.customer_id >= ids[0], Call.customer_id < ids[1])
    both = union_all(said, rang).subquery()
    return select(both.c.customer_id, func.count().label("contacts")).group_by(both.c.customer_id)


def _orders(since: datetime, now: datetime) -> Select[int, int, int]:
    net = func.sum(SeenOrder.total_minor - SeenOrder.refunded_minor)
    return (
        select(SeenOrder.customer_id, func.count().label("orders"), net.label("net"))
        .where(SeenOrder.placed_at > since, SeenOrder.placed_at <= now)
        .group_by(SeenOrder.customer_id)
    )
