"""Abandoned cart: once for a cart that was left lying; over as soon as it is touched again or ordered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer.consent import Topic
from mailer.outbox import Email, State
from tracking.clickstream.sessions import Session as Visit
from tracking.customers import Customer
from tracking.visitors import Grade

from .carts_seen import seen_cart, seen_carts
from .entry import FlowEntry, short_cause
from .flow import Entering, Flow, Knob, Later, Leave, OpenCart, Run, Step
from .purchases import ordered_since

SEEN = "seen:"
"""How the number of a cart begins that the shop doesn't tell of and that was worked out from steps."""


class AbandonedCart(Flow):
    """Of a shop that tells its carts, those; else what was put in and not taken out in visits that agreed to that."""

    name = "cart"
    title = "Abandoned cart"
    does = "Reminds of a cart that was left, an hour and a day later. Coming back or ordering ends it."
    topic = Topic.REMINDERS
    priority = 70
    steps = (
        Step(name="first", template="flow_cart", after=timedelta(hours=1), good_for=timedelta(days=1)),
        Step(name="second", template="flow_cart", after=timedelta(hours=24), good_for=timedelta(days=2)),
    )
    knobs = (Knob(name="idle", words="Left alone for", default=15, least=5, most=1440, unit="minutes"),)

    def entering(self, session: Session, run: Run) -> Iterable[Entering]:
        idle = timedelta(minutes=run.knobs["idle"])
        since, until = run.since - idle, run.now - idle
        told = run.shop.open_carts(since=since, until=until)
        if told is None:
            yield from self._from_steps(session, run, since, until)
            return
        numbers = _numbers(session, told)
        for cart in told:
            if cart.products and (customer := numbers.get(cart.customer)) is not None:
                yield Entering(
                    cause=short_cause(self.name, cart.cart_id), at=cart.touched_at, customer_id=customer,
                    data={"cart": cart.cart_id, "products": dict(cart.products)},
                )  # fmt: skip

    def _from_steps(self, session: Session, run: Run, since: datetime, until: datetime) -> Iterator[Entering]:
        for cart in seen_carts(session, run.shop, since=since, until=until):
            yield Entering(
                cause=short_cause(self.name, SEEN, cart.cart_id), at=cart.touched_at, customer_id=int(cart.customer),
                data={"cart": f"{SEEN}{cart.cart_id}", "products": dict(cart.products)},
            )  # fmt: skip

    def leaves(self, session: Session, entry: FlowEntry, run: Run) -> Leave | Later | None:
        if entry.customer_id is None:
            return Leave("nobody's cart any more")
        if ordered_since(session, entry.customer_id, entry.caused_at, now=run.now):
            return Leave("ordered")
        cart = self._as_it_lies(session, entry, run)
        if cart is None or not cart.products:
            return Leave("the cart was emptied")
        touched = max(cart.touched_at, _last_seen(session, entry.customer_id, run.now) or cart.touched_at)
        if touched <= entry.caused_at:
            return None
        if _was_mailed(session, entry):
            return Leave("came back to the shop")
        return Later(touched, "was active again")

    def content(self, session: Session, entry: FlowEntry, step: Step, run: Run) -> dict[str, Any] | None:
        cart = self._as_it_lies(session, entry, run)
        if cart is None or not cart.products:
            return None
        return {"cart": entry.data["cart"], "products": dict(cart.products), "reminder": step.name}

    def _as_it_lies(self, session: Session, entry: FlowEntry, run: Run) -> OpenCart | None:
        number = str(entry.data["cart"])
        if not number.startswith(SEEN):
            return run.shop.open_cart(number)
        return seen_cart(session, run.shop, entry.customer_id or 0, now=run.now)


def _numbers(session: Session, carts: Iterable[OpenCart]) -> dict[str, int]:
    wanted = {cart.customer for cart in carts}
    query = select(Customer.reference, Customer.id).where(Customer.reference.in_(wanted))
    return {str(reference): number for reference, number in session.execute(query)}


def _last_seen(session: Session, customer_id: int, now: datetime) -> datetime | None:
    """Until when they were last in the shop, as far as they agreed that this is known."""
    query = select(func.max(Visit.last_at)).where(
        Visit.customer_id == customer_id, Visit.grade >= int(Grade.PERSONAL), Visit.started_at <= now,
        Visit.last_at <= now,
    )  # fmt: skip
    return session.scalar(query)


def _was_mailed(session: Session, entry: FlowEntry) -> bool:
    if entry.control:
        return entry.step > 0
    query = select(Email.id).where(Email.entry_id == entry.id, Email.state.in_((State.SENT, State.UNKNOWN)))
    return session.scalar(query.limit(1)) is not None
