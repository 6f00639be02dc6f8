"""What waits for what: products with the people who asked for them, and the holidays that come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import render_template
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ecrm.access.roles import Permission, needs
from ecrm.giving.days import AHEAD, Coming, coming
from ecrm.installation import Installation, installation
from ecrm.waiting.figures import followed, waited_for
from mailer.calendar import Place
from mailer.consent import Subscription, Topic
from mailer.contacts import Contact
from mailer.flows.engine import knobs_of
from mailer.flows.entry import FlowSetting
from mailer.flows.registry import by_name
from tracking.customers import Customer

from .blueprint import console

SHOWN = 100
COUNTRIES = 12


@dataclass(frozen=True)
class Planned:
    """A holiday in a country: how many want reminders there, and from when on they are written to."""

    country: str
    people: int
    holiday: Coming
    writes_on: date | None


@console.get("/waitlists")
@needs(Permission.EMAILS)
def waitlists() -> str:
    """Products and how many wait for each; names of people aren't shown."""
    crm = installation()
    with crm.sessions() as session:
        products, follows = waited_for(session, limit=SHOWN), followed(session, limit=SHOWN)
    cards = {card.product_id: card for card in crm.storefront.products([one.product_id for one in products])}
    return render_template("ecrm/console/waitlists.html", products=products, follows=follows, cards=cards)


@console.get("/holidays")
@needs(Permission.EMAILS)
def holidays() -> str:
    """The holidays of the next months in the countries where people want to be reminded."""
    crm, now = installation(), datetime.now(UTC)
    with crm.sessions() as session:
        found = _planned(crm, session, now)
        setting = session.get(FlowSetting, "holidays")
    on = setting.switched_on if setting is not None else by_name()["holidays"].starts_on
    return render_template("ecrm/console/holidays.html", planned=found, on=on, days=AHEAD.days)


def _planned(crm: Installation, session: Session, now: datetime) -> list[Planned]:
    flow = by_name()["holidays"]
    lead = timedelta(days=knobs_of(flow, session.get(FlowSetting, flow.name))["lead"])
    today = now.astimezone(ZoneInfo(crm.storefront.facts().time_zone)).date()
    found = [
        Planned(country, people, one, one.order_by - lead if one.order_by else None)
        for country, people in _countries(crm, session)
        for one in coming(crm, session, Place(country), since=today, now=now)
    ]
    return sorted(found, key=lambda one: (one.holiday.day, -one.people, one.country))


def _countries(crm: Installation, session: Session) -> list[tuple[str, int]]:
    """Where those live who want reminders; the shop's own country always stands among them."""
    home = crm.storefront.facts().country
    country = func.coalesce(func.nullif(Customer.country, ""), home)
    query = (
        select(country, func.count(Contact.id.distinct()))
        .join(Contact, Contact.customer_id == Customer.id)
        .join(Subscription, Subscription.contact_id == Contact.id)
        .where(Subscription.topic == Topic.REMINDERS, Subscription.wanted)
        .group_by(country)
        .order_by(func.count(Contact.id.distinct()).desc(), country)
        .limit(COUNTRIES)
    )
    rows = [(str(name), int(count)) for name, count in session.execute(query)]
    return rows if any(name == home for name, _count in rows) else [*rows, (home, 0)]
