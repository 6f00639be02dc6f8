"""Absent people: what is known of customers who aren't here, read for many of them in a few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, func, select
from sqlalchemy.orm import Session

from recommender.asking import Deed, Person
from recommender.signals import Kind
from tracking.clickstream.event import Event
from tracking.clickstream.sessions import Session as Visit
from tracking.customers import Customer
from tracking.identity import taken_back
from tracking.orders import SeenOrder, SeenOrderLine, SeenRefund, SeenRefundLine
from tracking.visitors import ConsentChoice, Grade

from .choices import Choice, Chosen, RecommendationChoice
from .latest_steps import OF_PRODUCTS, Step
from .person import LOOKS_COUNT, UNTRAINED, looked, person_of
from .whose import STEPS_READ

AT_ONCE = 250
"""Customers read by one statement; bounds its length and the memory."""
_EVENT, _VISIT, _ORDER, _LINE = Event.__table__.c, Visit.__table__.c, SeenOrder.__table__.c, SeenOrderLine.__table__.c
_REFUND, _RETURNED, _CHOICE = SeenRefund.__table__.c, SeenRefundLine.__table__.c, RecommendationChoice.__table__.c
_WHO: BindParameter[Any] = bindparam("who", expanding=True)
_SINCE: BindParameter[Any] = bindparam("since")
_REGIONS = select(Customer.id, Customer.country).where(Customer.id.in_(_WHO))
_CONSENT = (
    select(ConsentChoice.grade)
    .where(ConsentChoice.visitor_id == _VISIT.visitor_id)
    .order_by(ConsentChoice.chosen_at.desc(), ConsentChoice.id.desc())
    .limit(1)
    .correlate(Visit.__table__)
    .scalar_subquery()
)
"""What the browser chose last: who isn't here can't be asked, so consent has to be on file, and not withdrawn."""
_RANKED = (
    select(
        _EVENT.customer_id, _EVENT.happened_at, _EVENT.name, _EVENT.subject,
        func.row_number().over(partition_by=_EVENT.customer_id, order_by=_EVENT.happened_at.desc()).label("place"),
    )
    .join_from(Event.__table__, Visit.__table__, _VISIT.id == _EVENT.session_id)
    .where(_EVENT.customer_id.in_(_WHO), _EVENT.happened_at > _SINCE, _EVENT.name.in_(sorted(OF_PRODUCTS)))
    .where(_VISIT.grade >= int(Grade.PERSONAL), int(Grade.PERSONAL) <= _CONSENT)
    .where(~taken_back(_VISIT.visitor_id, _EVENT.customer_id))
    .subquery()
    .c
)  # fmt: skip
_STEPS = (
    select(_RANKED.customer_id, _RANKED.happened_at, _RANKED.name, _RANKED.subject)
    .where(_RANKED.place <= STEPS_READ)
    .order_by(_RANKED.happened_at.desc())
)
_BOUGHT = (
    select(_ORDER.customer_id, _ORDER.placed_at, _LINE.product)
    .join_from(SeenOrder.__table__, SeenOrderLine.__table__, _LINE.order_id == _ORDER.id)
    .where(_ORDER.customer_id.in_(_WHO), _ORDER.placed_at > _SINCE)
    .order_by(_ORDER.placed_at.desc(), _ORDER.id.desc(), _LINE.position)
)
_SENT_BACK = (
    select(_REFUND.customer_id, _REFUND.refunded_at, _RETURNED.product)
    .join_from(SeenRefund.__table__, SeenRefundLine.__table__, _RETURNED.refund_id == _REFUND.id)
    .where(_REFUND.customer_id.in_(_WHO), _REFUND.refunded_at > _SINCE, _RETURNED.quantity > 0)
)
_CHOSEN = select(_CHOICE.customer_id, _CHOICE.product, _CHOICE.choice, _CHOICE.chosen_at).where(
    _CHOICE.customer_id.in_(_WHO)
)


def absent_people(session: Session, customer_ids: Iterable[int], *, since: datetime | None) -> Iterator[Person]:
    """Each customer as the recommender wants them, in the order asked; of an unknown number only the number is known.

    Args:
        since: when the model was trained; younger orders count at once.
    """
    everybody = list(customer_ids)
    for start in range(0, len(everybody), AT_ONCE):
        some = everybody[start : start + AT_ONCE]
        yield from _some(session, some, since=since or UNTRAINED, now=datetime.now(UTC))


def _some(session: Session, who: Sequence[int], *, since: datetime, now: datetime) -> Iterator[Person]:
    def rows(query: Select[*tuple[Any, ...]], **moments: datetime) -> dict[int, list[tuple[Any, ...]]]:
        found = defaultdict(list)
        for customer, *facts in session.connection().execute(query, {"who": who, **moments}):
            found[customer].append(tuple(facts))
        return found

    regions, chosen = rows(_REGIONS), rows(_CHOSEN)
    steps, bought, sent_back = (
        rows(_STEPS, since=now - LOOKS_COUNT),
        rows(_BOUGHT, since=since),
        rows(_SENT_BACK, since=since),
    )
    for customer in who:
        seen = [Step(*facts) for facts in steps[customer]]
        deeds = [
            Deed(product, kind, max((now - at).total_seconds() / 86400, 0.0))
            for kind, facts in ((Kind.PURCHASE, bought), (Kind.RETURN, sent_back))
            for at, product in facts[customer]
        ]
        yield person_of(
            customer,
            deeds,
            looked(seen, now),
            [Chosen(product, Choice(choice), at) for product, choice, at in chosen[customer]],
            regions[customer][0][0] if regions[customer] else "",
        )
