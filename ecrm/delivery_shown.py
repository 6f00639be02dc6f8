"""Where an order's parcels are, as customers see it: the slot on its page, and what the public page shares of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import render_template, url_for
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.calendar import Place, zone_of
from tracking.delivery import progress
from tracking.delivery.contents import Goods, contents_of
from tracking.delivery.shipment import OPEN, Scan, Shipment, Status

from .carriers.simulated import CARRIER, MARK
from .installation import installation
from .wording import day
from .wording import gettext as _


@dataclass(frozen=True)
class Step:
    """A step of the way to the door: `done` with its moment and the day that it was there, or `expected` by a day."""

    name: str
    done: bool
    current: bool = False
    at: datetime | None = None
    on: date | None = None
    expected: date | None = None


@dataclass(frozen=True)
class Delivery:
    """A shipment as its customer sees it.

    `goods`: what is in it, where it isn't all of the order. `trouble`: in words, where something went wrong; `late`:
    likewise, where it comes later than promised. `link`: the page about it that tells nobody whose it is.
    """

    shipment: Shipment
    steps: tuple[Step, ...]
    goods: tuple[Goods, ...] = ()
    trouble: str = ""
    late: str = ""
    simulated: bool = False

    @property
    def link(self) -> str:
        return url_for("ecrm.delivery_status", token=self.shipment.token) if self.shipment.shipped_at else ""

    @property
    def still_to_send(self) -> bool:
        """Not handed to a carrier yet."""
        return self.shipment.status == Status.PRE_TRANSIT and self.shipment.shipped_at is None


def delivery_html(order_reference: str) -> Markup:
    """The timeline of an order's shipments; empty where none is known."""
    with installation().sessions() as session:
        deliveries = deliveries_of(session, order_reference)
    return Markup(render_template("ecrm/slots/delivery.html", deliveries=deliveries, _=_)) if deliveries else Markup()  # noqa: S704 (our own template, autoescaped)


def deliveries_of(session: Session, order_reference: str) -> list[Delivery]:
    """An order's shipments; where there are several, with what is in each."""
    shipments = progress.shipments_of(session, order_reference)
    inside = contents_of(session, [one.id for one in shipments]) if len(shipments) > 1 else {}
    scans = scans_of(session, [one.id for one in shipments])
    return [as_shown(one, scans.get(one.id, []), goods=inside.get(one.id, ())) for one in shipments]


def scans_of(session: Session, shipment_ids: Collection[int]) -> dict[int, list[Scan]]:
    """The scans of each of these shipments, the first first."""
    found: dict[int, list[Scan]] = {}
    query = select(Scan).where(Scan.shipment_id.in_(shipment_ids)).order_by(Scan.scanned_at, Scan.id)
    for scan in session.scalars(query):
        found.setdefault(scan.shipment_id, []).append(scan)
    return found


def as_shown(shipment: Shipment, scans: Sequence[Scan], *, goods: Sequence[Goods] = ()) -> Delivery:
    """A shipment in words for its customer."""
    first: dict[str, datetime] = {}
    for scan in scans:
        first.setdefault(scan.status, scan.scanned_at)
    # notes go with their time (`forget_notes_before`), what was made up stays so
    simulated = shipment.carrier == CARRIER or any(scan.note == MARK for scan in scans)
    steps = tuple(_steps(shipment, first, zone_of_parcel(shipment)))
    return Delivery(shipment, steps, tuple(goods), _trouble(shipment), _late(shipment), simulated)


def zone_of_parcel(shipment: Shipment) -> ZoneInfo:
    """The clock of the country that it goes to, the shop's where that isn't known."""
    return zone_of(Place(shipment.country), otherwise=installation().storefront.facts().time_zone)


def status_name(status: str) -> str:
    """A status in words for customers."""
    return {
        Status.PRE_TRANSIT: _("Announced to the carrier"),
        Status.IN_TRANSIT: _("On its way"),
        Status.OUT_FOR_DELIVERY: _("Out for delivery"),
        Status.AVAILABLE_FOR_PICKUP: _("Ready to be picked up"),
        Status.DELIVERED: _("Delivered"),
        Status.EXCEPTION: _("Held up"),
        Status.RETURN_TO_SENDER: _("On its way back to us"),
        Status.CANCELLED: _("Cancelled"),
    }[Status(status)]


def _steps(shipment: Shipment, first: dict[str, datetime], zone: ZoneInfo) -> list[Step]:
    reached = _reached(shipment, first)
    on_its_way = Step(_("On its way"), True, at=first.get(Status.IN_TRANSIT, shipment.shipped_at))
    arrived = Step(_("Delivered"), True, at=shipment.delivered_at)
    match shipment.status:
        case Status.OUT_FOR_DELIVERY | Status.AVAILABLE_FOR_PICKUP:
            on_its_way = Step(status_name(shipment.status), True, at=first.get(shipment.status))
        case Status.RETURN_TO_SENDER:
            arrived, reached = Step(status_name(shipment.status), True, at=first.get(shipment.status)), 3
    whole = [
        Step(_("Ordered"), True, at=shipment.expected_at), Step(_("Packed"), True, at=shipment.shipped_at),
        on_its_way, arrived,
    ]  # fmt: skip
    return [
        Step(step.name, True, number == reached, step.at, step.at.astimezone(zone).date() if step.at else None)
        if number <= reached
        else Step(step.name, False, expected=_comes_by(shipment) if number == len(whole) - 1 else None)
        for number, step in enumerate(whole)
    ]


def _comes_by(shipment: Shipment) -> date | None:
    """The day foretold, where that is later than the promised one."""
    if shipment.status == Status.CANCELLED:
        return None
    days = [one for one in (shipment.promised_on, shipment.expected_on) if one is not None]
    return max(days, default=None)


def _reached(shipment: Shipment, first: dict[str, datetime]) -> int:
    """The number of the last step done. A parcel in trouble stays where it was seen last."""
    if shipment.status == Status.DELIVERED:
        return 3
    if shipment.shipped_at is not None or Status.IN_TRANSIT in first:
        return 2
    return 0


def _trouble(shipment: Shipment) -> str:
    match shipment.status:
        case Status.EXCEPTION:
            return _("The carrier reports a problem with this parcel. We are looking into it.")
        case Status.CANCELLED:
            return _("This delivery was cancelled.")
        case Status.RETURN_TO_SENDER:
            return _("The carrier couldn't deliver this parcel and is bringing it back to us. We will get in touch.")
        case _:
            return ""


def _late(shipment: Shipment) -> str:
    if shipment.delayed_at is None or shipment.status not in OPEN:
        return ""
    promised, expected = shipment.promised_on, shipment.expected_on
    if expected is not None and (promised is None or expected > promised):
        return _("It takes longer than we promised. We expect it by %(day)s.", day=day(expected))
    return _("It takes longer than we promised. We are sorry, and keep after it.")
