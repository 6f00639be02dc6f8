"""New arrivals: to who follows the brand or category, or whose taste it fits; never to who has it. One e-mail for all
that is new to a person, the best reason first, each with its reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.calendar import NOWHERE, zone_of
from mailer.consent import Subscription, Topic
from mailer.contacts import Contact
from mailer.waitlists import Kind, followers

from .entry import FlowEntry, short_cause
from .flow import Entering, Flow, Knob, Leave, Run, Step
from .goods import Arrived
from .purchases import products_bought

REMEMBERED = timedelta(days=120)
MOST = 6
_DAY = timedelta(days=1)


class _Reason(NamedTuple):
    """Why one product is for one person; the lower `rank`, the better."""

    rank: int
    code: str
    what: str


class Arrivals(Flow):
    """Asked each local day; of each product a person hears once, and at most every few days of any.

    Where the shop tells some customers first, everybody else hears so many days later (`Goods.head_starts`).
    """

    name = "arrivals"
    title = "New arrivals"
    does = "Tells of new products to who follows their brand or category or whose taste they fit, with the reason."
    topic = Topic.ARRIVALS
    priority = 40
    daily = True
    steps = (Step(name="new", template="flow_arrivals", at_best_hour=True, good_for=timedelta(days=4)),)
    knobs = (
        Knob(name="days", words="New for", default=14, least=1, most=60, unit="days"),
        Knob(name="pause", words="At most every", default=4, least=1, most=60, unit="days"),
        Knob(name="taste", words="People by taste, for each product", default=100, least=0, most=200),
    )

    def entering(self, session: Session, run: Run) -> Iterable[Entering]:
        longest, _none = run.shop.goods.head_starts(session, ())
        arrived = run.shop.goods.arrivals(since=run.now - timedelta(days=run.knobs["days"] + longest), until=run.now)
        wanted = self._wanted(session, arrived, run)
        if not wanted:
            return
        told = self._told(session, wanted, run)
        owners = _owners(session, wanted)
        _longest, starts = run.shop.goods.head_starts(session, {one for one in owners.values() if one is not None})
        added = {one.product_id: one.added_at for one in arrived}
        places = run.shop.places(session, [one for one in owners.values() if one is not None])
        for contact, reasons in sorted(wanted.items()):
            customer = owners.get(contact)
            if zone_of(places.get(customer or 0, NOWHERE), otherwise=run.shop.zone).key != run.zone:
                continue
            products, latest = told.get(contact, (frozenset(), None))
            if latest is not None and latest > run.now - timedelta(days=run.knobs["pause"]):
                continue
            wait = longest - starts.get(customer or 0, 0)
            fresh = {
                product: reason
                for product, reason in reasons.items()
                if product not in products
                and 0 <= (run.now - added[product]) / _DAY - wait < run.knobs["days"]  # is it new for them by now?
            }
            if customer is not None and fresh:
                for owned in products_bought(session, customer, list(fresh), since=None, now=run.now):
                    del fresh[owned]
            best = sorted(fresh, key=lambda product: (fresh[product].rank, product))[:MOST]
            if best:
                yield Entering(
                    cause=short_cause(self.name, contact, run.day), at=run.now, contact_id=contact,
                    customer_id=customer,
                    data={
                        "products": best, "reasons": {one: [fresh[one].code, fresh[one].what] for one in best},
                    },
                )  # fmt: skip

    def leaves(self, session: Session, entry: FlowEntry, run: Run) -> Leave | None:
        return None if self._left(session, entry, run) else Leave("has them by now")

    def content(self, session: Session, entry: FlowEntry, step: Step, run: Run) -> dict[str, Any] | None:
        products = self._left(session, entry, run)
        why = {one: (str(code), str(what)) for one, (code, what) in entry.data["reasons"].items() if one in products}
        return {"products": products, "reasons": run.shop.goods.said(why), "recommend": 0} if products else None

    def _left(self, session: Session, entry: FlowEntry, run: Run) -> list[str]:
        products: list[str] = entry.data["products"]
        if entry.customer_id is None:
            return products
        has = products_bought(session, entry.customer_id, products, since=None, now=run.now)
        return [one for one in products if one not in has]

    def _wanted(self, session: Session, arrived: Sequence[Arrived], run: Run) -> dict[int, dict[str, _Reason]]:
        """By contact: the products that are for them, each with its best reason."""
        found: dict[int, dict[str, _Reason]] = defaultdict(dict)
        by_customer: dict[int, dict[str, _Reason]] = defaultdict(dict)
        for one in arrived:
            for rank, kind, subject in ((0, Kind.BRAND, one.brand), (1, Kind.CATEGORY, one.category)):
                for contact in followers(session, kind, subject) if subject else ():
                    found[contact].setdefault(one.product_id, _Reason(rank, str(kind), subject))
            for place, (customer, like) in enumerate(run.shop.goods.hearers(one.product_id)[: run.knobs["taste"]]):
                by_customer[customer].setdefault(one.product_id, _Reason(2 + place, "taste", like))
        for contact, customer in _mailboxes(session, by_customer):
            for product, reason in by_customer[customer].items():
                found[contact].setdefault(product, reason)
        return found

    def _told(
        self, session: Session, contacts: Iterable[int], run: Run
    ) -> Mapping[int, tuple[frozenset[str], datetime]]:
        """What this flow told them of before, and when last."""
        query = select(FlowEntry.contact_id, FlowEntry.data, FlowEntry.entered_at).where(
            FlowEntry.flow == self.name, FlowEntry.entered_at > run.now - REMEMBERED, FlowEntry.entered_at <= run.now
        )
        wanted, told = set(contacts), dict[int, tuple[frozenset[str], datetime]]()
        for contact, data, at in session.execute(query):
            if contact in wanted:
                before = told.get(contact, (frozenset(), at))
                told[contact] = before[0] | frozenset(data.get("products", ())), max(before[1], at)
        return told


def _mailboxes(session: Session, customers: Iterable[int]) -> list[tuple[int, int]]:
    """Contact and customer of those who want to hear of arrivals, one mailbox each."""
    wanted = set(customers)
    query = (
        select(Contact.id, Contact.customer_id)
        .join(Subscription, Subscription.contact_id == Contact.id)
        .where(Subscription.topic == Topic.ARRIVALS, Subscription.wanted, Contact.customer_id.is_not(None))
        .order_by(Contact.id)
    )
    found: dict[int, int] = {}
    for contact, customer in session.execute(query):
        if customer in wanted:
            found.setdefault(customer, contact)
    return [(contact, customer) for customer, contact in found.items()]


def _owners(session: Session, contacts: Iterable[int]) -> dict[int, int | None]:
    ids, owners = sorted(set(contacts)), dict[int, int | None]()
    for start in range(0, len(ids), 500):
        query = select(Contact.id, Contact.customer_id).where(Contact.id.in_(ids[start : start + 500]))
        owners.update((contact, customer) for contact, customer in session.execute(query))
    return owners
