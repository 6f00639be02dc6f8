"""What e-mails changed: those who were to get them beside those who were left out by lot, whatever they clicked.

A person counts with all orders of the days after, by whatever way they came; whether their e-mail was held back,
bounced or never opened. So nothing but the lot tells the groups apart, and the difference is what writing to them did.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, Subquery, and_, func, select
from sqlalchemy.orm import Session

from mailer.flows.entry import FlowEntry, FlowSetting
from mailer.mailings import Mailing, MailingHoldout
from mailer.outbox import Email
from tracking.orders import SeenOrder
from tracking.record import shifted

from .experiment_statistics import (
    WORTH_KNOWING,
    Comparison,
    Group,
    Needed,
    compare_conversion,
    compare_net,
    orders_needed,
)

AFTER = timedelta(days=14)
"""How long after it was written, or would have been, orders count."""


@dataclass(frozen=True)
class Lift:
    """Both groups and what they say. `needed`: about so many more orders show a difference of `WORTH_KNOWING`."""

    treated: Group
    control: Group
    conversion: Comparison
    net: Comparison
    needed: Needed | None


def lift_of(session: Session, source: str, *, now: datetime) -> Lift | None:
    """A mailing's or flow's effect; None where nobody was left out."""
    kind, _colon, name = source.partition(":")
    if kind == "mailing" and name.isascii() and name.isdigit() and len(name) < 16:
        mailing = session.get(Mailing, int(name))
        if mailing is None or mailing.started_at is None:
            return None
        treated, control = _of_mailing(session, mailing, mailing.started_at, now)
    elif kind == "flow":
        treated, control = (_of_flow(session, name, control=one, now=now) for one in (False, True))
    else:
        return None
    if not control.units:
        return None
    return Lift(
        treated, control, compare_conversion(treated, control), compare_net(treated, control),
        orders_needed(treated, control, WORTH_KNOWING),
    )  # fmt: skip


def counted_since(session: Session, source: str) -> datetime | None:
    """From when a flow's entries count: the last change of the share that is left out; None where it never changed."""
    kind, _colon, name = source.partition(":")
    setting = session.get(FlowSetting, name) if kind == "flow" else None
    return setting.control_since if setting is not None else None


def _of_mailing(session: Session, mailing: Mailing, since: datetime, now: datetime) -> tuple[Group, Group]:
    written = select(Email.contact_id, func.max(Email.customer_id).label("customer_id")).where(
        Email.source == f"mailing:{mailing.id}", Email.contact_id.is_not(None)
    )
    left_out = select(MailingHoldout.contact_id, MailingHoldout.customer_id).where(
        MailingHoldout.mailing_id == mailing.id
    )
    within = and_(SeenOrder.placed_at >= since, SeenOrder.placed_at < min(since + AFTER, now))
    return (
        _group(session, written.group_by(Email.contact_id).subquery(), within),
        _group(session, left_out.subquery(), within),
    )


def _of_flow(session: Session, flow: str, *, control: bool, now: datetime) -> Group:
    """A person is in the group of their first entry: a lot of another share would have drawn others."""
    order = func.row_number().over(
        partition_by=FlowEntry.contact_id, order_by=(FlowEntry.entered_at, FlowEntry.id)
    )  # fmt: skip
    entries = select(
        FlowEntry.contact_id, FlowEntry.customer_id, FlowEntry.control, FlowEntry.entered_at, order.label("place")
    ).where(FlowEntry.flow == flow)
    counted_from = counted_since(session, f"flow:{flow}")
    if counted_from is not None:
        entries = entries.where(FlowEntry.entered_at >= counted_from)
    first = entries.subquery()
    people = (
        select(first.c.contact_id, first.c.customer_id, first.c.entered_at.label("since"))
        .where(first.c.place == 1, first.c.control.is_(control))
        .subquery()
    )
    until = shifted(people.c.since, AFTER, dialect=session.get_bind().dialect.name)
    within = and_(SeenOrder.placed_at >= people.c.since, SeenOrder.placed_at < until, SeenOrder.placed_at < now)
    return _group(session, people, within)


def _group(session: Session, people: Subquery, within: Any) -> Group:
    """A group's figures: each person with the orders within, and with none."""
    net = SeenOrder.total_minor - SeenOrder.refunded_minor
    each: Select[Any] = (
        select(
            people.c.contact_id, func.count(SeenOrder.id).label("orders"), func.coalesce(func.sum(net), 0).label("net")
        )
        .outerjoin(SeenOrder, and_(SeenOrder.customer_id == people.c.customer_id, within))
        .group_by(people.c.contact_id)
    )
    units = buyers = orders = net_minor = 0
    squares = 0.0
    for _contact, count, minor in session.execute(each.execution_options(yield_per=5000)):
        units += 1
        buyers += bool(count)
        orders += int(count)
        net_minor += int(minor)
        squares += float(minor) ** 2
    return Group(units=units, buyers=buyers, orders=orders, net_minor=net_minor, net_squares=squares)
