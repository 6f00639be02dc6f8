"""Importing real sales in the UCI Online Retail layout: products, customers, orders, and cancellations as refunds.

An invoice is one order (`OR-<invoice>`), known again by its number: importing a file twice, or a part of it after the
whole, changes nothing. The file names no persons; customers are called by their number. Rows without a CustomerID
belong to orders of unknown buyers: they have no account and share one address that can't exist (`.invalid`), because a
customer for each such invoice would be as untrue as one who bought all of it, and the latter can be told apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..checkout.order import Order, Refund
from ..profile import ShopProfile
from .bulk import roomy_cache
from .dates import weeks_to_yesterday
from .filling import Progress, count_what_is_there, is_empty, save_profile, silent
from .report import AlreadyFilled, BadRow, ImportReport
from .retail_invoice import Invoice
from .retail_rows import write_accounts, write_orders, write_products, write_refunds
from .run import earlier_run, record_run
from .sales_dates import moment_of
from .sales_file import Sale, fingerprint_of, last_day, read_sales

SOURCE = "online-retail"
CURRENCY = "GBP"
COUNTRY = "GB"
TIME_ZONE = "Europe/London"
DATA_NOTE = (
    "Products, prices and sales are from “Online Retail” by D. Chen (2015), UCI Machine Learning Repository, "
    "doi 10.24432/C5BW33, licence CC BY 4.0: a year of a British gift wholesaler, dates moved to the past year. "
    "Departments are derived from product names. Names of people, addresses and stock are invented; visits "
    "before these purchases, parcels, and what these people asked, reviewed and sent back are simulated."
)
# A product's code in this layout; POST, M, D, BANK CHARGES, gift vouchers … are no products.
_PRODUCT = re.compile(r"\d{5}[A-Z]*")


@dataclass
class Sorted:
    """What of a file goes into the shop: invoices and cancellations by number, in the order of time."""

    orders: dict[str, Invoice] = field(default_factory=dict)
    cancellations: dict[str, Invoice] = field(default_factory=dict)


def load_online_retail(
    session: Session,
    path: Path,
    *,
    into_empty: bool = False,
    to_yesterday: bool = False,
    seed: int = 1,
    today: date | None = None,
    progress: Progress = silent,
) -> ImportReport | None:
    """Import a file of sales. Commits nothing.

    Args:
        into_empty: open a demo on this file: names of people and stock are invented. Otherwise customers are called by
            their number and new products have no stock until staff say how much there is.
        to_yesterday: move all dates by whole weeks, so that the last day is yesterday or up to six days before.
        today: the present day in the shop's zone, where the moving ends.

    Returns:
        The report; None where a demo was opened on the same file before (nothing is changed then).

    Raises:
        BrokenFile: the file can't be read at all.
        AlreadyFilled: `into_empty` and the shop holds other data; or it sells in another currency than the file.
    """
    now = datetime.now(UTC)
    parameters = {"file": fingerprint_of(path), "demo": into_empty, "to_yesterday": to_yesterday}
    if into_empty:
        if earlier_run(session, SOURCE, parameters) is not None:
            return None
        if not is_empty(session):
            raise AlreadyFilled(
                "This shop holds other data. To start anew, remove its database or set SHOP_VAR to another folder."
            )
    profile = session.get(ShopProfile, 1)
    if profile is not None and profile.currency != CURRENCY:
        raise AlreadyFilled(
            f"This shop sells in {profile.currency}, the file is in {CURRENCY}; import it into a shop of its own."
        )
    report = ImportReport(SOURCE, CURRENCY)
    zone = ZoneInfo(profile.time_zone if profile else TIME_ZONE)
    today = today or now.astimezone(zone).date()
    sales = read_sales(path, report, progress, zone=zone, today=today)
    weeks = weeks_to_yesterday(last_day(sales), today=today) if to_yesterday and sales else 0
    found = _sort(sales, report, zone, weeks)
    save_profile(session, _profile(demo=into_empty))
    with roomy_cache(session.connection()):
        _write(session, found, report, seed=seed if into_empty else None, progress=progress)
    record_run(session, report, parameters, now=now)
    return report


def _profile(*, demo: bool) -> ShopProfile:
    return ShopProfile(
        id=1, name="Lark & Lantern" if demo else "Corner Shop", country=COUNTRY, currency=CURRENCY, time_zone=TIME_ZONE,
        tagline="Gifts and home pieces for shops with character" if demo else "",
        email="hello@lark-lantern.example.com" if demo else "shop@example.com", data_note=DATA_NOTE if demo else "",
    )  # fmt: skip


def _sort(sales: list[Sale], report: ImportReport, zone: ZoneInfo, weeks: int) -> Sorted:
    found = Sorted()
    for sale in sales:
        reason = _no_sale(sale)
        if reason:
            report.leave_out(reason, rows=1, minor=sale.cents)
            continue
        invoices = found.cancellations if sale.quantity < 0 else found.orders
        invoice = invoices.get(sale.invoice)
        if invoice is None:
            at = moment_of(sale.at, weeks=weeks, zone=zone)
            invoice = invoices[sale.invoice] = Invoice(sale.invoice, sale.customer, sale.country, at)
        if sale.customer != invoice.customer:
            whose, other = invoice.customer or "nobody known", sale.customer or "nobody known"
            reason = f"invoice {sale.invoice} belongs to customer {whose}, not to {other}"
            report.bad_rows.append(BadRow(sale.line, reason))
            report.leave_out("bad rows (listed below)", rows=1, minor=sale.cents)
            continue
        invoice.sales.append(sale)
    by_time = {"key": lambda item: (item[1].at, item[0])}
    return Sorted(dict(sorted(found.orders.items(), **by_time)), dict(sorted(found.cancellations.items(), **by_time)))  # type: ignore[call-overload]


def _no_sale(sale: Sale) -> str:
    """Why a row is no sale of a product; "" where it is one, or the cancellation of one."""
    cancelled = sale.invoice.startswith("C")
    if not _PRODUCT.fullmatch(sale.code):
        return f"no product: {sale.code}"
    if sale.invoice[0].isalpha() and not cancelled:
        return "adjustment (invoice with another letter than C)"
    if sale.quantity == 0:
        return "quantity 0"
    if sale.price < 0:
        return "negative price"
    if cancelled and sale.quantity > 0:
        return "cancellation with a positive quantity"
    if not cancelled and sale.quantity < 0:
        return "correction of stock (negative quantity, no cancellation)"
    if sale.price == 0:
        return "given or found (price 0)"
    return ""


def _write(session: Session, found: Sorted, report: ImportReport, *, seed: int | None, progress: Progress) -> None:
    known_orders = _known_orders(session)
    known_refunds = _known_refunds(session)
    orders = [invoice for number, invoice in found.orders.items() if f"OR-{number}" not in known_orders]
    cancellations = [invoice for number, invoice in found.cancellations.items() if f"OR-{number}" not in known_refunds]
    _note_known(found, known_orders, {number: -minor for number, (minor, _) in known_refunds.items()}, report)
    products = write_products(session, orders, cancellations, report, invent_stock=seed, progress=progress)
    accounts = write_accounts(session, [*orders, *cancellations], report, seed=seed)
    write_orders(session, orders, products, accounts, report, progress=progress)
    refunds = write_refunds(session, cancellations, products, accounts, report, progress=progress)
    numbers = {f"OR-{number}" for number in found.orders}
    refunds |= {one for number in found.cancellations for one in known_refunds.get(f"OR-{number}", (0, set()))[1]}
    session.flush()
    count_what_is_there(session.connection(), report, numbers, refunds)
    report.new_minor = sum(invoice.cents for invoice in (*orders, *cancellations))


def _known_orders(session: Session) -> dict[str, int]:
    query = select(Order.number, Order.goods_minor).where(Order.source == SOURCE)
    return {number: minor for number, minor in session.execute(query)}  # noqa: C416 (rows aren't tuples for mypy)


def _known_refunds(session: Session) -> dict[str, tuple[int, set[str]]]:
    """Sum and numbers of the refunds of each cancellation; one that concerned several orders became several refunds."""
    known: dict[str, tuple[int, set[str]]] = {}
    for number, amount in session.execute(select(Refund.number, Refund.amount_minor).where(Refund.source == SOURCE)):
        base = number.partition("/")[0]
        minor, numbers = known.get(base, (0, set()))
        known[base] = (minor + amount, numbers | {number})
    return known


def _note_known(found: Sorted, orders: dict[str, int], refunds: dict[str, int], report: ImportReport) -> None:
    """What is there already stays as it is; a difference is named, because an order that was told never changes."""
    for invoices, known in ((found.orders, orders), (found.cancellations, refunds)):
        for number, invoice in invoices.items():
            there = known.get(f"OR-{number}")
            if there is None:
                continue
            report.already_there += 1
            if there != invoice.cents:
                report.leave_out(
                    "differs from what is there already", rows=len(invoice.sales), minor=invoice.cents - there
                )
                if len(report.notes) < 20:
                    report.notes.append(f"invoice {number} is in the shop with another sum; it was left as it is")
