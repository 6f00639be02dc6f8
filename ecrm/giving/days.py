"""The calendar of coming holidays in a place, each with the last day to order and what that rests on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from ecrm.installation import Installation
from ecrm.letters import shop_context
from ecrm.storefront import promised_day
from mailer.calendar import Place
from mailer.giving_days import coming_days
from mailer.order_by import Lateness, lateness, order_by

from .words import holiday_name

AHEAD = timedelta(days=120)
_LATE_KEPT = timedelta(hours=6)


@dataclass(frozen=True)
class Coming:
    """A holiday that lies ahead. `order_by`: None where it is too late to order for it."""

    code: str
    name: str
    day: date
    order_by: date | None
    lateness: Lateness


def coming(
    crm: Installation, session: Session, place: Place, *, since: date, now: datetime, ahead: timedelta = AHEAD
) -> list[Coming]:
    """The holidays of a place in the stretch ahead that the shop writes about (`ECRM_GIFT_HOLIDAYS`)."""
    facts = crm.storefront.facts()
    region = place.country or facts.country
    late = _late(crm, session, region, zone=facts.time_zone, now=now)
    wanted = frozenset(crm.app.config["ECRM_GIFT_HOLIDAYS"])
    found = []
    with shop_context(crm):
        promised = partial(_promised, crm, region)
        for one in coming_days(Place(region, place.subdivision), since=since, until=since + ahead):
            if one.code in wanted:
                last = order_by(one.day, late, promised=promised, zone=facts.time_zone, since=since)
                found.append(Coming(one.code, holiday_name(one.code), one.day, last.day if last else None, late))
    return found


def _promised(crm: Installation, region: str, moment: datetime) -> date | None:
    return promised_day(crm.storefront, "", region=region, now=moment)


def _late(crm: Installation, session: Session, country: str, *, zone: str, now: datetime) -> Lateness:
    """Asked for each place of each run: kept for some hours in this process."""
    kept: dict[str, tuple[datetime, Lateness]] = crm.app.extensions.setdefault("ecrm_lateness", {})
    found = kept.get(country)
    if found is None or not found[0] <= now < found[0] + _LATE_KEPT:
        found = kept[country] = now, lateness(session, country, zone=zone, now=now)
    return found[1]
