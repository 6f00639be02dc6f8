"""The CRM's e-mails about orders: which template, what it is told, to whom."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer import dedup
from recommender.asking import Placement
from tracking.clickstream.event import Event
from tracking.customers import Customer
from tracking.delivery.contents import Goods, contents_of, merged
from tracking.delivery.progress import shipment_by_reference, shipments_of
from tracking.delivery.shipment import Shipment, Status
from tracking.email_address import fold
from tracking.orders import SeenOrder, SeenOrderLine, order_by_reference

from .clicked import tagged
from .events import OrderCompleted, OrderDelivered, OrderLine, OrderShipped, ParcelScanned, Told
from .installation import Installation, installation
from .ledger import NotYet
from .letters import mail_picture, post, shop_context, visit_link, write
from .parcel_news import NEWS_FOR, age, scans_told
from .recommending.for_people import Pick, for_email
from .storefront import ProductCard, ShopFacts

log = logging.getLogger("ecrm.mail")


def confirm_order(session: Session, row: Event, told: Told) -> None:
    """Tell the buyer that the order arrived, with everything they ordered."""
    assert isinstance(told, OrderCompleted)  # noqa: S101 (the table in reactions.py says so; mypy can't know)
    if row.customer_id is None:
        raise NotYet(f"the customer of order {told.order_id} isn't known yet")
    crm = installation()
    with shop_context(crm) as facts:
        cards = {card.product_id: card for card in crm.storefront.products([line.product_id for line in told.lines])}
        letter = write(
            facts,
            template="order_confirmation",
            context={
                "order": told,
                "lines": [_as_shown(facts, line, cards.get(line.product_id)) for line in told.lines],
                "first_name": told.person.first_name,
                "order_url": visit_link(
                    facts, crm.storefront.order_url(told.order_id, signed=True), template="order_confirmation"
                ),
            },
            to_address=told.contact_email or told.person.email,
            to_name=f"{told.person.first_name} {told.person.last_name}",
        )
    key = dedup.order_confirmation(told.order_id)
    post(session, letter, dedup_key=key, customer_id=row.customer_id, order_reference=told.order_id)


def tell_shipped(session: Session, row: Event, told: Told) -> None:
    """Tell the buyer that a parcel is on its way, with carrier and number."""
    assert isinstance(told, OrderShipped)  # noqa: S101 (the table in reactions.py says so; mypy can't know)
    key = dedup.order_shipped(told.shipment_id)
    tell_about_parcel(session, told.shipment_id, template="order_shipped", dedup_key=key)


def tell_scanned(session: Session, row: Event, told: Told) -> None:
    """Tell the buyer that the parcel comes today, or waits to be picked up, each once; or that it arrived, as staff's
    word of it does."""
    assert isinstance(told, ParcelScanned)  # noqa: S101 (the table in reactions.py says so; mypy can't know)
    shipment = shipment_by_reference(session, told.shipment_id)
    if shipment is None or shipment.status != told.status or _is_stale(told):
        return  # an old message: the parcel is further already, or the buyer has known it for long
    if told.status == Status.OUT_FOR_DELIVERY:
        key = dedup.order_out_for_delivery(told.shipment_id)
        tell_about_parcel(session, told.shipment_id, template="order_out_for_delivery", dedup_key=key)
    elif told.status == Status.AVAILABLE_FOR_PICKUP:
        key = dedup.order_pickup(told.shipment_id)
        tell_about_parcel(session, told.shipment_id, template="order_pickup", dedup_key=key, place=told.place)
    elif told.status == Status.DELIVERED:
        key = dedup.order_delivered(told.shipment_id)
        tell_about_parcel(session, told.shipment_id, template="order_delivered", dedup_key=key)


def _is_stale(told: ParcelScanned) -> bool:
    """Whether it isn't worth an e-mail any more, e.g. where a shop begins to ask its carrier about older parcels."""
    if told.status == Status.OUT_FOR_DELIVERY:  # "comes today" is true on its day
        zone = ZoneInfo(installation().storefront.facts().time_zone)
        return (told.heard_at or told.at).astimezone(zone).date() != told.at.astimezone(zone).date()
    return age(told) > NEWS_FOR


def tell_delivered(session: Session, row: Event, told: Told) -> None:
    """Tell the buyer that a parcel was delivered, unless the shop only repeats what a carrier said too late."""
    assert isinstance(told, OrderDelivered)  # noqa: S101 (the table in reactions.py says so; mypy can't know)
    said = scans_told(session, order_id=told.order_id, shipment_id=told.shipment_id, status=Status.DELIVERED)
    if any(_is_stale(one) for _id, one in said):
        return
    key = dedup.order_delivered(told.shipment_id)
    tell_about_parcel(session, told.shipment_id, template="order_delivered", dedup_key=key)


@dataclass(frozen=True)
class _Line:
    """An order's line as an e-mail shows it, with what the shop says of the product today.

    `picture` is an absolute address, empty where there is none that an e-mail can show; `detail` tells the product
    from its siblings of the same name.
    """

    line: OrderLine
    picture: str
    detail: str

    @property
    def name(self) -> str:
        return self.line.name


def tell_about_parcel(session: Session, shipment_reference: str, *, template: str, dedup_key: str, **more: Any) -> None:
    """Queue a letter about a parcel to whom the order belongs, with what is in the parcel, as far as that is known.

    Args:
        more: what else the template is told.

    Raises:
        NotYet: where the parcel or its order isn't known.
    """
    shipment = shipment_by_reference(session, shipment_reference)
    order = order_by_reference(session, shipment.order_reference) if shipment else None
    if shipment is None or order is None:
        raise NotYet(f"shipment {shipment_reference} isn't known yet")
    customer = session.get_one(Customer, order.customer_id)
    inside, to_come = _parts(session, shipment)
    lines = [_in_parcel(one) for one in inside] or _bought(session, order)
    to_address = contact_of(session, order) or customer.email
    # what is recommended tells of the customer's past, which is nobody else's to read
    recommends = template == "order_delivered" and fold(to_address) == fold(customer.email)
    crm = installation()
    with shop_context(crm) as facts:
        cards = {card.product_id: card for card in crm.storefront.products([line.product_id for line in lines])}
        letter = write(
            facts,
            template=template,
            context={
                "shipment": shipment,
                "order_reference": order.reference,
                "lines": [_as_shown(facts, line, cards.get(line.product_id)) for line in lines],
                "in_parcel": bool(inside),
                "to_come": [f"{one.quantity} × {one.name}" for one in to_come],
                "first_name": customer.first_name,
                "status_url": _status_url(facts, shipment, template=template),
                "order_url": visit_link(
                    facts, crm.storefront.order_url(order.reference, signed=True), template=template
                ),
                "picks": _picks(crm, session, facts, order, bought=cards, template=template) if recommends else [],
                **more,
            },
            to_address=to_address,
            to_name=f"{customer.first_name} {customer.last_name}",
        )
    post(session, letter, dedup_key=dedup_key, customer_id=customer.id, order_reference=order.reference)


def _status_url(facts: ShopFacts, shipment: Shipment, *, template: str) -> str:
    """The page about the parcel that tells nobody whose it is; none before it has left."""
    if shipment.shipped_at is None:
        return ""
    return visit_link(facts, url_for("ecrm.delivery_status", token=shipment.token), template=template)


@dataclass(frozen=True)
class _Offer:
    """A product that the e-mail recommends; `link` says where it was clicked."""

    pick: Pick
    picture: str
    link: str


def _picks(
    crm: Installation, session: Session, facts: ShopFacts, order: SeenOrder, *, bought: Collection[str], template: str
) -> list[_Offer]:
    """A few products for the buyer. A broad `except` stands here on purpose: the parcel's news goes out without."""
    most = int(crm.app.config["ECRM_DELIVERED_OFFERS"])
    try:
        answers = for_email(crm, session, [order.customer_id] if most else [], n=most, exclude=tuple(bought))
        found = next((picks for _buyer, picks in answers), [])
    except Exception:
        log.exception("no products could be recommended in the e-mail about order %s", order.reference)
        return []
    return [
        _Offer(
            pick, mail_picture(facts, pick.product),
            tagged(visit_link(facts, pick.product.url, template=template), placement=Placement.EMAIL, position=place),
        )
        for place, pick in enumerate(found, start=1)
    ]  # fmt: skip


def contact_of(session: Session, order: SeenOrder) -> str:
    """The address that the buyer gave for this order alone, as the ledger has it; empty where it was the person's."""
    row = session.scalar(
        select(Event).where(Event.name == OrderCompleted.name, Event.order_reference == order.reference)
    )
    return "" if row is None else str(row.properties.get("contact_email", ""))


def _parts(session: Session, shipment: Shipment) -> tuple[list[Goods], list[Goods]]:
    """What lies in a parcel, and what of its order is still to be sent."""
    family = {one.id: one.status for one in shipments_of(session, shipment.order_reference)}
    inside = contents_of(session, family)
    waiting = [goods for one, goods in inside.items() if one != shipment.id and family[one] == Status.PRE_TRANSIT]
    return inside.get(shipment.id, []), merged(one for goods in waiting for one in goods)


def _in_parcel(goods: Goods) -> OrderLine:
    return OrderLine(product_id=goods.product, name=goods.name, quantity=goods.quantity, net_minor=0)


def _bought(session: Session, order: SeenOrder) -> list[OrderLine]:
    query = select(SeenOrderLine).where(SeenOrderLine.order_id == order.id).order_by(SeenOrderLine.position)
    return [
        OrderLine(product_id=line.product, name=line.name, quantity=line.quantity, net_minor=line.net_minor)
        for line in session.scalars(query)
    ]


def _as_shown(facts: ShopFacts, line: OrderLine, card: ProductCard | None) -> _Line:
    return _Line(line, mail_picture(facts, card), card.detail if card else "")
