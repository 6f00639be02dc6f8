"""What flows and the contact budget ask of the shop, answered from the storefront and the CRM's tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from mailer.addressing import Mailbox, as_name
from mailer.best_hour import Hours
from mailer.budget import Budget
from mailer.calendar import Place
from mailer.caps import Caps
from mailer.flows.flow import OpenCart
from mailer.flows.goods import Goods
from mailer.quiet import Quiet
from tracking.clickstream.log import Log

from . import silence
from .flow_goods import FlowGoods
from .habits import deeds_of, hours_of
from .installation import Installation
from .storefront import CartFacts, ShopFacts, open_cart_of, open_carts_of
from .whereabouts import places_of, zones_of_customers

_ZONES_KEPT = timedelta(hours=1)


@dataclass(frozen=True)
class FlowShop:
    """Made for one run by `flow_shop`, in an app context.

    `tells_carts`: a rehearsal of the past says no, as the shop knows its carts of this moment only; they are worked out
    from what visitors did then.
    """

    crm: Installation
    facts: ShopFacts
    sender: Mailbox
    hours: Hours
    quiet: Quiet
    now: datetime
    tells_carts: bool = True

    @property
    def zone(self) -> str:
        return self.facts.time_zone

    @property
    def goods(self) -> Goods:
        return FlowGoods(self.crm, self.now)

    def zones(self, session: Session) -> Sequence[str]:
        kept: tuple[datetime, list[str]] | None = self.crm.app.extensions.get("ecrm_zones")
        if kept is None or not kept[0] <= self.now < kept[0] + _ZONES_KEPT:
            kept = (self.now, zones_of_customers(session, home=self.facts.country, shop_zone=self.zone))
            self.crm.app.extensions["ecrm_zones"] = kept
        return kept[1]

    def places(self, session: Session, customer_ids: Collection[int]) -> Mapping[int, Place]:
        return places_of(session, customer_ids, home=self.facts.country)

    def deeds(self, session: Session, customer_id: int, *, now: datetime) -> Sequence[datetime]:
        return deeds_of(session, customer_id, now=now)

    def log(self, session: Session) -> Log:
        return Log(session, self.crm.archive)

    def open_carts(self, *, since: datetime, until: datetime) -> Sequence[OpenCart] | None:
        if not self.tells_carts:
            return None
        found = open_carts_of(self.crm.storefront, since=since, until=until)
        return None if found is None else [_cart(one) for one in found]

    def open_cart(self, cart_id: str) -> OpenCart | None:
        found = open_cart_of(self.crm.storefront, cart_id)
        return _cart(found) if found is not None else None


def flow_shop(crm: Installation, *, now: datetime) -> FlowShop:
    """The shop as of one run."""
    facts = crm.storefront.facts()
    with crm.sessions() as session:
        hours = hours_of(crm, session, zone=facts.time_zone, home=facts.country, now=now)
    return FlowShop(crm, facts, Mailbox(as_name(facts.name), facts.sender), hours, quiet_of(crm), now)


def quiet_of(crm: Installation) -> Quiet:
    """The quiet hours that are set."""
    config = crm.app.config
    return Quiet.parse(config["ECRM_QUIET_HOURS"], on_holidays=config["ECRM_QUIET_HOLIDAYS"])


def budget_of(crm: Installation) -> Budget:
    """The contact budget of this shop; its `admit` is asked by the sender."""
    facts = crm.storefront.facts()
    return Budget(
        caps=Caps.parse(crm.app.config["ECRM_MAIL_CAPS"]),
        quiet=quiet_of(crm),
        zone=facts.time_zone,
        home=Place(facts.country),
        places=lambda session, customers: places_of(session, customers, home=facts.country),
        silences=silence.reasons(ZoneInfo(facts.time_zone)),
    )


def _cart(facts: CartFacts) -> OpenCart:
    return OpenCart(
        cart_id=facts.cart_id, customer=facts.customer_id, touched_at=facts.touched_at, products=facts.products
    )
