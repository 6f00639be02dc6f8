"""What flows about products ask, answered from the storefront, the model of recommendations and the gift ideas."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from mailer.calendar import Place
from mailer.flows.goods import Arrived, Holiday
from tracking.customers import Customer

from .giving.days import coming
from .giving.ideas import ideas_for
from .giving.words import list_title
from .installation import Installation
from .letters import shop_context
from .service.relationship import head_starts
from .storefront import arrivals_of, catalogue_of
from .whereabouts import places_of
from .wording import gettext as _
from .wording import ngettext


@dataclass(frozen=True)
class FlowGoods:
    """Made for one run, in an app context."""

    crm: Installation
    now: datetime

    def arrivals(self, *, since: datetime, until: datetime) -> Sequence[Arrived]:
        """A shop that doesn't say when a product was added has no new ones."""
        return [
            Arrived(product_id=one.product_id, brand=one.brand, category=one.category, added_at=one.added_at)
            for one in arrivals_of(self.crm.storefront, since)
            if one.added_at is not None and since < one.added_at <= until and one.available
        ]

    def hearers(self, product_id: str) -> Sequence[tuple[int, str]]:
        model = self.crm.models.present()
        return (model.should_hear(product_id) if model is not None else None) or ()

    def head_starts(self, session: Session, customer_ids: Collection[int]) -> tuple[int, Mapping[int, int]]:
        return head_starts(session, customer_ids)

    def categories(self, product_ids: Sequence[str]) -> Sequence[str]:
        known = {one.product_id: one.category for one in catalogue_of(self.crm.storefront)}
        return [known.get(one, "") for one in product_ids]

    def said(self, reasons: Mapping[str, tuple[str, str]]) -> dict[str, str]:
        likes = sorted({what for code, what in reasons.values() if code == "taste" and what})
        with shop_context(self.crm):
            names = {card.product_id: card.name for card in self.crm.storefront.products(likes)} if likes else {}
        return {product: _words(code, what, names) for product, (code, what) in reasons.items()}

    def holidays(self, session: Session, place: Place, *, since: date, until: date) -> Sequence[Holiday]:
        found = coming(self.crm, session, place, since=since, now=self.now)
        return [
            Holiday(code=one.code, name=one.name, day=one.day, order_by=one.order_by)
            for one in found
            if one.order_by is not None and since <= one.order_by <= until
        ]

    def gifts(self, session: Session, customer_id: int, holiday: Holiday, *, now: datetime) -> dict[str, Any] | None:
        customer = session.get(Customer, customer_id)
        if customer is None:
            return None
        home = self.crm.storefront.facts().country
        place = places_of(session, [customer_id], home=home).get(customer_id, Place(home))
        _giver, lists = ideas_for(self.crm, session, customer, holiday=holiday.code, place=place, now=now)
        shown = [one for ideas in lists.values() for one in ideas]
        if not shown:
            return None
        return {
            "products": [one.idea.product for one in shown],
            "reasons": {one.idea.product: one.why for one in shown},
            "lists": [
                {"title": list_title(circle), "products": [one.idea.product for one in ideas]}
                for circle, ideas in lists.items()
                if ideas
            ],
        }


def _words(code: str, what: str, names: Mapping[str, str]) -> str:
    match code:
        case "brand":
            return _("You follow %(name)s", name=what)
        case "category":
            return _("New in %(name)s, which you follow", name=what)
        case "taste" if what in names:
            return _("Because you bought %(name)s", name=names[what])
        case "habit" if what.isdigit():
            return ngettext("You buy it about every day", "You buy it about every %(num)s days", int(what))
        case _:
            return ""
