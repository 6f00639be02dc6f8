"""Birthday: on the day, by the person's own calendar; who was born on 29 February has it on the 28th in other years."""

from __future__ import annotations

import re
from calendar import isleap
from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from mailer.calendar import NOWHERE, zone_of
from mailer.consent import Topic
from tracking.customers import Customer

from .entry import FlowEntry, short_cause
from .flow import Entering, Flow, Leave, Run, Step

_WRITTEN = re.compile(r"(?:\d{4}-|--)?(\d{2})-(\d{2})")  # ISO 8601; vCard 4 (RFC 6350) leaves the year out as `--05-14`


class Birthday(Flow):
    """Once a year, for who told their birthday (trait `birthday`); the year of birth isn't needed and not used."""

    name = "birthday"
    title = "Birthday"
    does = "Congratulates on the day, by the person's own calendar."
    topic = Topic.OFFERS
    priority = 65
    daily = True
    steps = (Step(name="day", template="flow_birthday", at_best_hour=True, any_day=True, on_day=True),)

    def entering(self, session: Session, run: Run) -> Iterable[Entering]:
        if run.day is None:
            return
        told = Customer.traits["birthday"].as_string()
        days = [f"{day:%m-%d}" for day in _days_kept_on(run.day)]
        found = session.execute(
            select(Customer.id, told)
            .where(or_(*(told.like(f"%{day}") for day in days)), Customer.created_at <= run.now)
            .order_by(Customer.id)
        )
        people = [customer for customer, words in found if birthday_of(words) in days]
        places = run.shop.places(session, people)
        for customer in people:
            if zone_of(places.get(customer, NOWHERE), otherwise=run.shop.zone).key == run.zone:
                yield Entering(
                    cause=short_cause(self.name, customer, run.day.year), at=run.now, customer_id=customer,
                    data={"day": run.day.isoformat()},
                )  # fmt: skip

    def leaves(self, session: Session, entry: FlowEntry, run: Run) -> Leave | None:
        customer = session.get(Customer, entry.customer_id) if entry.customer_id is not None else None
        if customer is None or not birthday_of(str(customer.traits.get("birthday", ""))):
            return Leave("the birthday was taken back")
        return None

    def content(self, session: Session, entry: FlowEntry, step: Step, run: Run) -> dict[str, Any] | None:
        return {"day": entry.data["day"]}


def birthday_of(told: str | None) -> str:
    """Month and day as `05-14`; "" for what is no date."""
    match = _WRITTEN.fullmatch((told or "").strip()[:10])
    if match is None:
        return ""
    try:
        date(2000, int(match[1]), int(match[2]))  # a leap year: the 29th of February is one
    except ValueError:
        return ""
    return f"{match[1]}-{match[2]}"


def _days_kept_on(day: date) -> list[date]:
    """Whose birthday is kept on this day; in other than leap years, the 28th of February is the 29th's, too."""
    if (day.month, day.day) == (2, 28) and not isleap(day.year):
        return [day, date(2000, 2, 29)]
    return [day]
