"""Parcels that come back to the shop: the buyer reads that we will get in touch, so the desk gets a case to do it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from ecrm.events import ParcelScanned, Told
from ecrm.installation import installation
from ecrm.letters import shop_context
from ecrm.parcel_news import WORK_FOR, age, scans_told
from ecrm.wording import gettext as _
from tracking.clickstream.event import Event
from tracking.customers import Customer
from tracking.delivery.progress import shipment_by_reference
from tracking.delivery.shipment import Shipment, Status

from . import cases


def hand_to_desk(session: Session, row: Event, told: Told) -> None:
    """Open a case for a parcel that the carrier brings back, once a parcel, however often it says so.

    None for one that came back long before it was heard of: a shop that switches on its carriers' messages would find
    its desk full of parcels that were settled last year.
    """
    assert isinstance(told, ParcelScanned)  # noqa: S101 (the table in reactions.py says so; mypy can't know)
    if told.status != Status.RETURN_TO_SENDER or age(told) > WORK_FOR:
        return
    shipment = shipment_by_reference(session, told.shipment_id)
    if shipment is None or shipment.status != told.status or not _is_first(session, row, told):
        return
    customer = session.get(Customer, shipment.customer_id) if shipment.customer_id is not None else None
    with shop_context(installation()):
        cases.open_case(session, _case(shipment, customer, told), now=told.heard_at or told.at)


def _is_first(session: Session, row: Event, told: ParcelScanned) -> bool:
    """Of those that were news: an old one of the same parcel has opened nothing."""
    known = scans_told(session, order_id=told.order_id, shipment_id=told.shipment_id, status=told.status)
    return not any(id_ < row.id and age(one) <= WORK_FOR for id_, one in known)


def _case(shipment: Shipment, customer: Customer | None, told: ParcelScanned) -> cases.Opened:
    words = _(
        "The carrier (%(carrier)s, %(number)s) brings this parcel back. Its page tells the buyer that we will get in "
        "touch: ask for the right address and send it again, or give the money back.",
        carrier=shipment.carrier, number=shipment.tracking_number,
    )  # fmt: skip
    said = "\n".join(one for one in (words, told.place, told.note) if one)
    return cases.Opened(
        channel=cases.Channel.STAFF, kind=cases.Kind.DELIVERY,
        subject=_("The parcel of order %(order)s comes back", order=shipment.order_reference),
        said=cases.Said(direction=cases.Direction.NOTE, text=said),
        customer_id=shipment.customer_id, from_address=customer.email if customer else "",
        from_name=f"{customer.first_name} {customer.last_name}".strip() if customer else "",
        order_reference=shipment.order_reference,
    )  # fmt: skip
