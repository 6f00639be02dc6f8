"""Relationship: how much somebody asks against how much they buy, and the policy that the shop has for such people.

A customer lies in one of four cells by what they asked and bought in the last ECRM_RELATIONSHIP_DAYS days. Where "much"
begins, the setting says, or else the shop's own customers do (`relationship_counting`). All of it is as of the last
night, so that a report, a segment, an e-mail and an agent speak of the same people.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.record import BigId, Record, insert_once

from .relationship_much import Cell

MOST_DAYS_FIRST, MOST_MINUTES = 14, 14 * 24 * 60
LONGEST_REMINDER = 300


class RelationshipRun(Record):
    """When everybody was counted last. Much is `much_contacts` or `much_orders` and more, in `days` days.

    `by`: "setting" or "quantile", of which of the two the thresholds are.
    """

    __tablename__ = "ecrm_relationship_run"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    as_of: Mapped[datetime]
    days: Mapped[int]
    much_contacts: Mapped[int]
    much_orders: Mapped[int]
    by: Mapped[str] = mapped_column(String(10))
    customers: Mapped[int]


class Relationship(Record):
    """What a customer asked and bought in the window of the last run; money in minor units, less refunds."""

    __tablename__ = "ecrm_relationship"

    customer_id: Mapped[int] = mapped_column(ForeignKey("ecrm_customer.id"), primary_key=True, autoincrement=False)
    cell: Mapped[str] = mapped_column(String(30), index=True)
    contacts: Mapped[int]
    orders: Mapped[int]
    net_minor: Mapped[int] = mapped_column(BigInteger)


class RelationshipPolicy(Record):
    """What the shop does for the people of a cell; nothing of it has to be set."""

    __tablename__ = "ecrm_relationship_policy"

    cell: Mapped[str] = mapped_column(String(30), primary_key=True)
    days_first: Mapped[int] = mapped_column(default=0)
    response_minutes: Mapped[int | None]
    reminder: Mapped[str] = mapped_column(String(LONGEST_REMINDER), default="")
    agent_id: Mapped[str] = mapped_column(String(64), default="")
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(100), default="")


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The policy for one customer, and why it is theirs.

    Attributes:
        days_first: so many days before others they hear of what is new.
        response_minutes: working minutes to a first response; None: the desk's own target.
        reminder: which discount is theirs, for whoever answers them; empty for none.
        agent_id: who answers them if they can, by staff id; empty for anybody.
        contacts: messages of theirs in the window; `orders` likewise.
    """

    cell: Cell
    contacts: int
    orders: int
    days: int
    days_first: int = 0
    response_minutes: int | None = None
    reminder: str = ""
    agent_id: str = ""


def policy_of(session: Session, customer_id: int | None, now: datetime) -> Policy | None:
    """A customer's policy; None for who neither asked nor bought in the window, or before the first night's count."""
    if customer_id is None:
        return None
    found = session.execute(
        select(Relationship, RelationshipPolicy)
        .outerjoin(RelationshipPolicy, RelationshipPolicy.cell == Relationship.cell)
        .where(Relationship.customer_id == customer_id)
    ).first()
    run = latest_run(session)
    if found is None or run is None or run.as_of > now:
        return None
    place, policy = found
    set_by_shop: dict[str, Any] = {}
    if policy is not None:
        set_by_shop = {
            "days_first": policy.days_first, "response_minutes": policy.response_minutes,
            "reminder": policy.reminder, "agent_id": policy.agent_id,
        }  # fmt: skip
    return Policy(cell=Cell(place.cell), contacts=place.contacts, orders=place.orders, days=run.days, **set_by_shop)


def response_minutes_of(session: Session, customer_id: int, now: datetime) -> int | None:
    """Within how many working minutes a customer's policy wants them answered; None where it says nothing."""
    policy = policy_of(session, customer_id, now)
    return policy.response_minutes if policy else None


def preferred_agent_of(session: Session, customer_id: int, now: datetime) -> str:
    """Whom a customer's policy wants to answer them, by staff id; empty for anybody."""
    policy = policy_of(session, customer_id, now)
    return policy.agent_id if policy else ""


def latest_run(session: Session) -> RelationshipRun | None:
    """The last count of everybody."""
    return session.scalar(select(RelationshipRun).order_by(RelationshipRun.id.desc()).limit(1))


def policies(session: Session) -> Mapping[str, RelationshipPolicy]:
    """Those that are set, by cell."""
    return {one.cell: one for one in session.scalars(select(RelationshipPolicy))}


def set_policy(
    session: Session, cell: Cell, *, days_first: int, response_minutes: int | None, reminder: str, agent_id: str,
    by: str, now: datetime,
) -> RelationshipPolicy:  # fmt: skip
    """Set what the shop does for the people of a cell.

    Raises:
        ValueError: for days, minutes or words beyond their limits.
    """
    if not 0 <= days_first <= MOST_DAYS_FIRST or len(reminder) > LONGEST_REMINDER:
        raise ValueError("days or words beyond their limits")
    if response_minutes is not None and not 1 <= response_minutes <= MOST_MINUTES:
        raise ValueError("minutes beyond their limits")
    insert_once(
        session,
        RelationshipPolicy,
        {"cell": cell, "days_first": 0, "response_minutes": None, "reminder": "", "agent_id": "", "changed_at": now,
         "changed_by": ""},
    )  # fmt: skip
    policy = session.get_one(RelationshipPolicy, cell)
    policy.days_first, policy.response_minutes, policy.reminder = days_first, response_minutes, reminder
    policy.agent_id, policy.changed_at, policy.changed_by = agent_id[:64], now, by[:100]
    session.flush()
    return policy


def head_starts(session: Session, customer_ids: Collection[int]) -> tuple[int, Mapping[int, int]]:
    """By how many days the most favoured hear first, and by how many these customers do (who is missing: none)."""
    days = {cell: policy.days_first for cell, policy in policies(session).items() if policy.days_first}
    if not days:
        return 0, {}
    found: dict[int, int] = {}
    wanted = sorted(customer_ids)
    for start in range(0, len(wanted), 500):
        query = select(Relationship.customer_id, Relationship.cell).where(
            Relationship.customer_id.in_(wanted[start : start + 500]), Relationship.cell.in_(days)
        )
        found.update((customer, days[cell]) for customer, cell in session.execute(query))
    return max(days.values()), found


def forget(session: Session, customer_id: int) -> int:
    """Forget where somebody lies; the next count finds nothing of theirs but orders, which are the shop's."""
    place = session.get(Relationship, customer_id)
    if place is None:
        return 0
    session.delete(place)
    session.flush()
    return 1
