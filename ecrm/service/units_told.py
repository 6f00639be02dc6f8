"""Pieces that the shop told of when it packed them: kept with their buyer, and with the end of their warranty."""

from __future__ import annotations

import logging
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from ecrm.events import OrderShipped, Told
from ecrm.installation import Installation, installation
from ecrm.letters import shop_context
from ecrm.remembered import remembered_order
from ecrm.storefront import Staff
from ecrm.warranty_months import Months
from ecrm.wording import gettext as _
from tracking.clickstream.event import Event

from . import notes, units, warranty

log = logging.getLogger("ecrm.units")

SOURCE = "parcel"


def keep_units(session: Session, row: Event, told: Told) -> None:
    """Keep the pieces with serial numbers of a parcel; told again, they are kept once."""
    assert isinstance(told, OrderShipped)  # noqa: S101 (the table in reactions.py says so; mypy can't know)
    lines = [line for line in told.lines if line.serial_numbers]
    if not lines:
        return
    order, crm = remembered_order(session, told.order_id), installation()
    with shop_context(crm):
        ends = ends_on(crm, {line.product_id for line in lines}, order.placed_at)
    for line in lines:
        for number in line.serial_numbers:
            sold = units.Sold(
                number, line.product_id, line.name, order.reference, order.customer_id, order.placed_at,
                ends[line.product_id], SOURCE,
            )  # fmt: skip
            if units.keep_latest(session, sold) is None:
                _put_before_staff(crm, session, sold, now=told.at)


def _put_before_staff(crm: Installation, session: Session, sold: units.Sold, *, now: datetime) -> None:
    """The packer's number is another customer's piece: whoever opens this customer reads so, above all else."""
    log.warning("order %s: a scanned serial number is another customer's piece; it was not moved", sold.order_reference)
    if sold.customer_id is None:
        return
    with shop_context(crm):
        words = _(
            "%(name)s: the serial number %(serial)s that was scanned for order %(order)s is on file as a piece of "
            "another customer, who never sent it back. It wasn't entered: look up the right number and enter it.",
            name=sold.name or sold.product, serial=sold.serial_number, order=sold.order_reference,
        )  # fmt: skip
        packing = Staff(staff_id="", name=_("Packing"), role="")
        notes.write(session, sold.customer_id, words, pinned=True, by=packing, now=now)


def ends_on(crm: Installation, products: set[str], sold_at: datetime) -> dict[str, date | None]:
    """The last day of the warranty of each product sold then, by the shop's calendar; None where none runs."""
    months = months_of(crm, products)
    day = sold_at.astimezone(ZoneInfo(crm.storefront.facts().time_zone)).date()
    return {product: warranty.runs_until(day, months[product]) for product in products}


def months_of(crm: Installation, products: set[str]) -> dict[str, int]:
    """Months of warranty that each product has today; 0 for none."""
    setting = Months.parse(crm.app.config["ECRM_WARRANTY_MONTHS"])
    told = warranty.months_for(crm.storefront, setting, crm.storefront.products(sorted(products)))
    return {product: told.get(product, setting.usual) for product in products}
