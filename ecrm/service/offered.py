"""Offered: everything that a customer was lately offered, by whomever, in one list: what support reads before offering.

Beside e-mails and what agents noted (`offers_shown`) there are the recommendations that the shop's own pages showed
them, day by day with their clicks, and the discounts that their orders took. Of pages only visits count in which they
were signed in, and only as long as their steps are in the database; only their newest days are listed, so that they
never push out what somebody offered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from ecrm.steps import ProductClicked, RecommendationsShown
from mailer.mailings import Mailing, MailingVariant
from tracking.clickstream.event import Event
from tracking.clickstream.rollups import day_of
from tracking.clickstream.search_trail import shown_products
from tracking.orders import SeenOrder

from .offers_shown import LATELY, Offer, offers_shown
from .relationship import Relationship, RelationshipPolicy

PAGES_READ = 2000
PAGE_DAYS = 12
ORDERS_READ = 300
_EVENT, _ORDER, _VARIANT = Event.__table__.c, SeenOrder.__table__.c, MailingVariant.__table__.c
_PLACE, _POLICY = Relationship.__table__.c, RelationshipPolicy.__table__.c
_ON_PAGES = (
    select(_EVENT.happened_at, _EVENT.name, _EVENT.subject, _EVENT.properties, _EVENT.simulated)
    .where(_EVENT.customer_id == bindparam("customer"), _EVENT.happened_at > bindparam("since"))
    .where(_EVENT.name.in_((RecommendationsShown.name, ProductClicked.name)))
    .order_by(_EVENT.happened_at.desc(), _EVENT.id.desc())
    .limit(PAGES_READ + 1)
)
_DISCOUNTS = (
    select(_ORDER.reference, _ORDER.placed_at, _ORDER.discount_minor, _ORDER.currency, _ORDER.codes)
    .where(_ORDER.customer_id == bindparam("customer"), _ORDER.placed_at > bindparam("since"))
    .order_by(_ORDER.placed_at.desc(), _ORDER.id.desc())
    .limit(ORDERS_READ)
)
_MAILINGS = (
    select(_VARIANT.mailing_id, _VARIANT.name.label("variant"), _VARIANT.content, Mailing.__table__.c.name)
    .join_from(MailingVariant.__table__, Mailing.__table__, Mailing.__table__.c.id == _VARIANT.mailing_id)
    .where(_VARIANT.mailing_id.in_(bindparam("mailings", expanding=True)))
)

_REMINDER = (
    select(_POLICY.reminder)
    .join_from(RelationshipPolicy.__table__, Relationship.__table__, _PLACE.cell == _POLICY.cell)
    .where(_PLACE.customer_id == bindparam("customer"))
)


@dataclass(frozen=True)
class OnPages:
    """A day's recommendations on the shop's pages: how many different products, and how many of them were clicked."""

    products: int
    clicked: int
    simulated: bool


@dataclass(frozen=True)
class Discount:
    """What an order took off, and the codes it named."""

    order_reference: str
    amount_minor: int
    currency: str
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Seen:
    """How often the shop's pages showed them a product: on how many days, and whether they clicked it."""

    days: int
    clicked: bool


@dataclass(frozen=True)
class Line:
    """One line of the list; exactly one of the three is there. Of an e-mail of a mailing, its `mailing`'s name and the
    `codes` of its coupons."""

    at: datetime
    offer: Offer | None = None
    on_pages: OnPages | None = None
    discount: Discount | None = None
    mailing: str = ""
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Offered:
    """`lines`, the newest first; `last`: what somebody offered last, and `days_ago` that was in the shop's days;
    `seen`: by product, what the pages showed; `reminder`: the discount that their relationship's policy gives them.
    `more_days`: with recommendations on pages, which aren't listed. `pages_since`: where a heavy visitor's steps were
    too many to be read, the moment from which those on pages are counted.
    """

    lines: Sequence[Line]
    offers: Sequence[Offer]
    seen: Mapping[str, Seen]
    days_ago: int | None = None
    reminder: str = ""
    more_days: int = 0
    pages_since: datetime | None = None

    @property
    def last(self) -> Offer | None:
        """What marketing or the desk offered last."""
        return self.offers[0] if self.offers else None


def offered(session: Session, customer_id: int, *, now: datetime, zone: str) -> Offered:
    """Of the last 30 days.

    Args:
        zone: the shop's, which decides what a day is.
    """
    offers = offers_shown(session, customer_id, now=now)
    mailings = _mailings(session, offers)
    pages, seen, pages_since = _on_pages(session, customer_id, now=now, zone=zone)
    lines = []
    for one in offers:
        name, codes = mailings.get((one.mailing_id, one.variant), ("", ()))
        lines.append(Line(one.at, offer=one, mailing=name, codes=codes))
    lines += [*pages[:PAGE_DAYS], *_discounts(session, customer_id, now=now)]
    lines.sort(key=lambda line: line.at, reverse=True)
    ago = (day_of(now, zone) - day_of(offers[0].at, zone)).days if offers else None
    reminder = session.connection().scalar(_REMINDER, {"customer": customer_id})
    more = max(len(pages) - PAGE_DAYS, 0)
    return Offered(lines, offers, seen, ago, reminder or "", more_days=more, pages_since=pages_since)


def _on_pages(
    session: Session, customer_id: int, *, now: datetime, zone: str
) -> tuple[list[Line], dict[str, Seen], datetime | None]:  # fmt: skip
    shown: dict[date, set[str]] = {}
    clicked: dict[date, set[str]] = {}
    latest: dict[date, datetime] = {}
    simulated: set[date] = set()
    asked = {"customer": customer_id, "since": now - LATELY}
    rows = session.connection().execute(_ON_PAGES, asked).all()
    for row in rows[:PAGES_READ]:
        day = day_of(row.happened_at, zone)
        latest.setdefault(day, row.happened_at)
        if row.simulated:
            simulated.add(day)
        if row.name == RecommendationsShown.name:
            shown.setdefault(day, set()).update(shown_products(row.properties))
        else:
            clicked.setdefault(day, set()).add(row.subject)
    lines = [
        Line(at, on_pages=OnPages(
            len(shown.get(day, set()) | clicked.get(day, set())), len(clicked.get(day, ())), day in simulated,
        ))
        for day, at in latest.items()
    ]  # fmt: skip
    days = Counter(product for products in shown.values() for product in products)
    ever = {product for products in clicked.values() for product in products}
    since = rows[PAGES_READ - 1].happened_at if len(rows) > PAGES_READ else None
    return lines, {product: Seen(count, product in ever) for product, count in days.items()}, since


def _discounts(session: Session, customer_id: int, *, now: datetime) -> list[Line]:
    rows = session.connection().execute(_DISCOUNTS, {"customer": customer_id, "since": now - LATELY})
    return [
        Line(row.placed_at, discount=Discount(row.reference, row.discount_minor, row.currency, tuple(row.codes or ())))
        for row in rows
        if row.discount_minor or row.codes
    ]


def _mailings(session: Session, offers: Sequence[Offer]) -> dict[tuple[int | None, str], tuple[str, tuple[str, ...]]]:
    """What these mailings are called, and the codes in them, by mailing and variant."""
    mailings = sorted({one.mailing_id for one in offers if one.mailing_id is not None})
    if not mailings:
        return {}
    rows = session.connection().execute(_MAILINGS, {"mailings": mailings})
    return {(row.mailing_id, row.variant): (row.name, _codes(row.content)) for row in rows}


def _codes(content: Any) -> tuple[str, ...]:
    blocks = content.get("blocks", ()) if isinstance(content, dict) else ()
    return tuple(
        str(one["code"]) for one in blocks
        if isinstance(one, dict) and one.get("kind") == "coupon" and one.get("code")
    )  # fmt: skip
