"""Pieces that the shop told of when it packed them: kept with their buyer, and with the end of their warranty."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from ecrm.events import OrderShipped, Told
from ecrm.installation import Installation, installation
from ecrm.letters import shop_context
from ecrm.remembered import remembered_order
from ecrm.warranty_months import Months
from tracking.clickstream.event import Event

from . import units, warranty

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
            units.keep_latest(session, sold)


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
