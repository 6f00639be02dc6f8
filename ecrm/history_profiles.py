"""What the people of a history say of themselves, compared with what is known of them; part of `history`.

What is told later than anything known of a customer counts as if it were told live. What is older replaces nothing, as
the customer may have said otherwise since: it only fills what is empty. So a history that is told twice, or in other
batches, leaves the same profiles.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracking.clickstream.event import Event
from tracking.customers import Customer

from .customers.recognition import may_say, take_profile
from .events import Person
from .history_people import Buyer, Found, Identity, identity_of, joined, told_traits

_AT_ONCE = 5000


@dataclass
class Profiles:
    """What a run has read. `said`: last of whom, so that the next order of the same person costs nothing; `older`: what
    is told of customers of whom something later is known."""

    said: dict[int, tuple[Person, str]] = field(default_factory=dict)
    older: dict[int, Buyer] = field(default_factory=dict)


def take_over(
    session: Session, buyers: Iterable[Buyer], customers: dict[Identity, int], *, found: Found, profiles: Profiles
) -> None:
    """Take over what the buyers of a batch's new events say; call it before these events are written."""
    told: defaultdict[int, list[Buyer]] = defaultdict(list)
    for buyer in buyers:
        identity = identity_of(buyer.person)
        customer_id, says = customers[identity], (buyer.person, buyer.country)
        if identity not in found.written and profiles.said.get(customer_id) != says:
            told[customer_id].append(buyer)
        profiles.said[customer_id] = says
    for some in _chunks(sorted(told)):
        last = select(Event.customer_id, func.max(Event.happened_at)).where(Event.customer_id.in_(some))
        known = {row[0]: row[1] for row in session.execute(last.group_by(Event.customer_id))}
        for customer in session.scalars(select(Customer).where(Customer.id.in_(some))):
            until = max(customer.created_at, known.get(customer.id, customer.created_at))
            for buyer in told[customer.id]:
                if _may_say(buyer, customer, found):
                    _take(customer, buyer, later=buyer.at >= until, profiles=profiles)
    session.flush()


def complete(session: Session, profiles: Profiles) -> None:
    """Fill what is empty with what was told of the time before; at a run's end, so that the latest of it counts."""
    for some in _chunks(sorted(profiles.older)):
        for customer in session.scalars(select(Customer).where(Customer.id.in_(some))):
            buyer = profiles.older[customer.id]
            customer.first_name = customer.first_name or buyer.person.first_name[:100]
            customer.last_name = customer.last_name or buyer.person.last_name[:100]
            customer.phone = customer.phone or buyer.person.phone[:40]
            customer.country = customer.country or buyer.country[:2]
            customer.traits = {**told_traits(buyer.person.traits), **customer.traits}
    session.flush()


def _may_say(buyer: Buyer, customer: Customer, found: Found) -> bool:
    """As of a live event; and a guest's order may change the guest that an account was before."""
    if may_say(buyer.person, customer):
        return True
    adopted_at = found.adopted.get(customer.id)
    return adopted_at is not None and buyer.at < adopted_at


def _take(customer: Customer, buyer: Buyer, *, later: bool, profiles: Profiles) -> None:
    if not later:
        profiles.older[customer.id] = joined(profiles.older.get(customer.id), buyer)
        return
    take_profile(customer, buyer.person, country=buyer.country)


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]
