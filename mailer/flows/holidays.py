"""Holidays: gift ideas some days before the last day on which they still arrive in time, in each country by its own
calendar."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.calendar import NOWHERE, Place, local_day, zone_of
from mailer.consent import Subscription, Topic
from mailer.contacts import Contact

from .entry import FlowEntry, short_cause
from .flow import Entering, Flow, Knob, Leave, Run, Step
from .goods import Holiday

MADE_UP_FOR = timedelta(days=3)
"""Days on which nothing ran are made up for; later it isn't the same offer any more."""
AT_ONCE = 500


class Holidays(Flow):
    """Once a person, holiday and year. The lists are made when the e-mail is queued and read again as it is written."""

    name = "holidays"
    title = "Holidays: gift ideas"
    does = "Before a holiday for giving: ideas for family and for colleagues, in time to order."
    topic = Topic.REMINDERS
    priority = 60
    daily = True
    steps = (Step(name="ideas", template="flow_holiday", at_best_hour=True, good_for=timedelta(days=4)),)
    knobs = (Knob(name="lead", words="Before the last day to order", default=10, least=2, most=60, unit="days"),)

    def entering(self, session: Session, run: Run) -> Iterable[Entering]:
        assert run.day is not None  # noqa: S101 (a daily flow)
        lead = timedelta(days=run.knobs["lead"])
        first, last = run.day + lead - MADE_UP_FOR + timedelta(days=1), run.day + lead
        by_place = self._people(session, run)
        for place, customers in sorted(by_place.items()):
            for holiday in run.shop.goods.holidays(session, place, since=first, until=last):
                for customer in customers:
                    yield Entering(
                        cause=short_cause(self.name, customer, holiday.code, _season(holiday.day)), at=run.now,
                        customer_id=customer, data=_kept(holiday),
                    )  # fmt: skip

    def leaves(self, session: Session, entry: FlowEntry, run: Run) -> Leave | None:
        place = run.shop.places(session, [entry.customer_id] if entry.customer_id else []).get(entry.customer_id or 0)
        today = local_day(run.now, zone_of(place or NOWHERE, otherwise=run.shop.zone))
        return Leave("too late to arrive in time") if today > _holiday(entry).order_by else None

    def content(self, session: Session, entry: FlowEntry, step: Step, run: Run) -> dict[str, Any] | None:
        if entry.customer_id is None:
            return None
        found = run.shop.goods.gifts(session, entry.customer_id, _holiday(entry), now=run.now)
        return None if found is None else {**entry.data, "recommend": 0, **found}

    def _people(self, session: Session, run: Run) -> dict[Place, list[int]]:
        """Who wants reminders and lives in this zone, by place."""
        query = (
            select(Contact.customer_id)
            .join(Subscription, Subscription.contact_id == Contact.id)
            .where(Subscription.topic == self.topic, Subscription.wanted, Contact.customer_id.is_not(None))
            .distinct()
            .order_by(Contact.customer_id)
        )
        everybody = [one for one in session.scalars(query) if one is not None]
        found: dict[Place, list[int]] = defaultdict(list)
        for start in range(0, len(everybody), AT_ONCE):
            some = everybody[start : start + AT_ONCE]
            places = run.shop.places(session, some)
            for customer in some:
                place = places.get(customer, NOWHERE)
                if zone_of(place, otherwise=run.shop.zone).key == run.zone:
                    found[place].append(customer)
        return found


def _season(day: date) -> str:
    """The half of a year: a feast by the moon may come twice in one, and its day may be reckoned anew meanwhile."""
    return f"{day.year}-{1 if day.month <= 6 else 2}"


def _kept(holiday: Holiday) -> dict[str, Any]:
    return {
        "code": holiday.code, "holiday": holiday.name, "day": holiday.day.isoformat(),
        "order_by": holiday.order_by.isoformat(),
    }  # fmt: skip


def _holiday(entry: FlowEntry) -> Holiday:
    kept = entry.data
    return Holiday(
        code=kept["code"], name=kept["holiday"], day=date.fromisoformat(kept["day"]),
        order_by=date.fromisoformat(kept["order_by"]),
    )  # fmt: skip
