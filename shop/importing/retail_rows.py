"""Writing the rows of an Online Retail import: products, accounts and orders; refunds are for `retail_refunds`."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from statistics import median
from typing import Any

from babel import Locale
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from ..accounts.account import Account, Address
from ..catalog.product import Product
from ..catalog.search import search_text
from ..checkout.order import Order, OrderLine, OrderStatus
from .bulk import insert_columns, take_ids
from .filling import Progress, count_listed, ensure_shelves, table_of
from .gift_shelves import department_position, product_name, shelf_of
from .naming import slug_of
from .people import Person, invent
from .report import ImportReport
from .retail_invoice import Invoice
from .retail_refunds import write_refunds
from .sales_file import Sale

__all__ = ["write_accounts", "write_orders", "write_products", "write_refunds"]

SOURCE, CURRENCY, COUNTRY = "online-retail", "GBP", "GB"
UNKNOWN_BUYER = "unknown-buyer@online-retail.invalid"
RECENT = timedelta(days=60)
_LEAST_REDUCTION = 0.9
_COUNTRIES = {
    "EIRE": "IE", "USA": "US", "RSA": "ZA", "CHANNEL ISLANDS": "JE", "CZECH REPUBLIC": "CZ", "HONG KONG": "HK",
    "UNITED KINGDOM": "GB", "UNSPECIFIED": "", "EUROPEAN COMMUNITY": "",
}  # fmt: skip

Products = dict[str, tuple[int, str]]
"""The shop's id and name of each stock code."""
Accounts = dict[str, tuple[int, Person, str]]
"""The account's id, who it stands for, and the country of each customer number."""


def write_products(
    session: Session,
    orders: Sequence[Invoice],
    cancellations: Sequence[Invoice],
    report: ImportReport,
    *,
    invent_stock: int | None,
    progress: Progress,
) -> Products:
    """Make the products that are new, and count the pieces sold of all; those that are there stay as they are."""
    progress("Products", 0, 1)
    sales: dict[str, list[tuple[datetime, Sale]]] = defaultdict(list)
    for invoice in (*orders, *cancellations):
        for sale in invoice.sales:
            sales[sale.code].append((invoice.at, sale))
    table = table_of(Product)
    known: Products = {
        sku: (product_id, name)
        for product_id, sku, name in session.execute(select(table.c.id, table.c.sku, table.c.name))
    }
    new = sorted(code for code in sales if code not in known)
    if new:
        known |= _insert_products(session, {code: sales[code] for code in new}, report, seed=invent_stock)
    _count_sold(session, {known[code][0]: rows for code, rows in sales.items() if code not in set(new)})
    progress("Products", 1, 1)
    return known


def _insert_products(
    session: Session, sales: dict[str, list[tuple[datetime, Sale]]], report: ImportReport, *, seed: int | None
) -> Products:
    connection, table = session.connection(), table_of(Product)
    end = max(at for rows in sales.values() for at, _ in rows)
    names = {code: _name(code, rows) for code, rows in sales.items()}
    places = {code: shelf_of(name) for code, name in names.items()}
    shelves = ensure_shelves(session, places.values(), position=department_position)
    ids = take_ids(connection, table, len(sales))
    prices = {code: _prices(rows, end) for code, rows in sales.items()}
    columns: dict[str, list[Any]] = {
        "id": ids,
        "sku": list(sales),
        "slug": [slug_of(names[code]) for code in sales],
        "name": list(names.values()),
        "brand": [""] * len(ids),
        "size": [""] * len(ids),
        "description": [f"{names[code]}. You find it under {places[code][1]} in {places[code][0]}." for code in sales],
        "category_id": [shelves[places[code]] for code in sales],
        "price_minor": [price for price, _ in prices.values()],
        "was_minor": [was for _, was in prices.values()],
        "stock": [_stock(code, rows, seed) for code, rows in sales.items()],
        "sold": [_sold(rows) for rows in sales.values()],
        "listed": [True] * len(ids),
        "added_at": [min(at for at, _ in rows) for rows in sales.values()],
        "search_text": [search_text(name=names[code], brand="", category=places[code][1], size="") for code in sales],
    }
    insert_columns(connection, table, columns)
    count_listed(session)
    report.products = report.products_listed = len(ids)
    if seed is None:
        report.notes.append("the file says nothing of stock: new products have none until staff enter it")
    return {code: (product_id, names[code]) for code, product_id in zip(sales, ids, strict=True)}


def _name(code: str, rows: Sequence[tuple[datetime, Sale]]) -> str:
    said = Counter(sale.description for _, sale in rows if sale.description)
    # The most frequent description; among equals the first in the alphabet, so that the order of rows decides nothing.
    best = min(said, key=lambda text: (-said[text], text)) if said else ""
    return product_name(best) or f"Article {code}"


def _prices(rows: Sequence[tuple[datetime, Sale]], end: datetime) -> tuple[int, int | None]:
    """The median price of the last 60 days (else of all), and the one before where it was at least a tenth higher."""
    recent = [sale.price for at, sale in rows if at > end - RECENT]
    before = [sale.price for at, sale in rows if at <= end - RECENT]
    price = max(1, round(median(recent or before) * 100))
    was = round(median(before) * 100) if recent and before else 0
    return price, was if price <= was * _LEAST_REDUCTION else None


def _sold(rows: Sequence[tuple[datetime, Sale]]) -> int:
    return max(0, sum(sale.quantity for _, sale in rows if sale.quantity > 0))


def _stock(code: str, rows: Sequence[tuple[datetime, Sale]], seed: int | None) -> int:
    """Invented for a demo: some three weeks' sales and a few more, now and then nothing. Otherwise nobody knows: 0."""
    if seed is None:
        return 0
    chance = random.Random(f"{seed}:{code}")
    return 0 if chance.random() < 0.03 else min(999, _sold(rows) * 3 // 52 + chance.randrange(3, 40))


def _count_sold(session: Session, sales: dict[int, list[tuple[datetime, Sale]]]) -> None:
    pieces = [{"of": product_id, "more": sold} for product_id, rows in sales.items() if (sold := _sold(rows))]
    if pieces:
        table = table_of(Product)
        statement = update(table).where(table.c.id == bindparam("of")).values(sold=table.c.sold + bindparam("more"))
        session.connection().execute(statement, pieces)


def write_accounts(
    session: Session, invoices: Sequence[Invoice], report: ImportReport, *, seed: int | None
) -> Accounts:
    """Make the accounts that are new; without a `seed` for invented names a customer is called by the number.

    Only an account without a password can be one of an earlier import. Where somebody registered with the address that
    we would make up, that is somebody else: the report names it, and the customer gets no account.
    """
    first: dict[str, Invoice] = {}
    for invoice in sorted(invoices, key=lambda one: (one.at, one.number)):
        if invoice.customer:
            first.setdefault(invoice.customer, invoice)
    people = {customer: _person(customer, seed, country_code(first[customer].country) or COUNTRY) for customer in first}
    connection, table = session.connection(), table_of(Account)
    there, taken = _imported_and_taken(session)
    _note_taken([customer for customer in first if people[customer].email in taken], people, report)
    first = {customer: invoice for customer, invoice in first.items() if people[customer].email not in taken}
    new = [customer for customer in first if people[customer].email not in there]
    ids = take_ids(connection, table, len(new))
    if new:
        columns: dict[str, list[Any]] = {
            "id": ids,
            "email": [people[customer].email for customer in new],
            "email_folded": [people[customer].email for customer in new],
            "first_name": [people[customer].first_name for customer in new],
            "last_name": [people[customer].last_name for customer in new],
            "created_at": [first[customer].at - timedelta(minutes=30) for customer in new],
        }
        columns |= {name: [""] * len(new) for name in ("phone", "household", "interests")}
        insert_columns(connection, table, columns)
        if seed is not None:
            _write_addresses(session, ids, [people[customer] for customer in new], [first[one].country for one in new])
    report.customers = len(new)
    there |= {people[customer].email: account_id for customer, account_id in zip(new, ids, strict=True)}
    return {one: (there[people[one].email], people[one], country_code(first[one].country)) for one in first}


def _imported_and_taken(session: Session) -> tuple[dict[str, int], set[str]]:
    """Accounts that an import may have made, by address; and the addresses of people who sign in here."""
    table = table_of(Account)
    imported: dict[str, int] = {}
    taken: set[str] = set()
    query = select(table.c.id, table.c.email_folded, table.c.password_hash.is_(None) & table.c.role.is_(None))
    for account_id, email, nobody_signs_in in session.execute(query):
        if nobody_signs_in:
            imported[email] = account_id
        else:
            taken.add(email)
    return imported, taken


def _note_taken(customers: Sequence[str], people: dict[str, Person], report: ImportReport) -> None:
    for customer in customers[:20]:
        report.notes.append(
            f"customer {customer} has no account here: {people[customer].email} belongs to somebody who registered"
        )
    if len(customers) > 20:
        report.notes.append(f"{len(customers) - 20} more customers have none for the same reason")


def _person(customer: str, seed: int | None, country: str) -> Person:
    email = f"customer-{customer.lower()}@example.com"
    if seed is None:
        return Person("Customer", customer, email, "", "", "")
    made_up = invent(customer, seed=seed, country=country)
    return Person(made_up.first_name, made_up.last_name, email, made_up.line1, made_up.city, made_up.postcode)


def _write_addresses(session: Session, account_ids: list[int], people: list[Person], countries: list[str]) -> None:
    table, count = table_of(Address), len(account_ids)
    columns: dict[str, list[Any]] = {
        "id": take_ids(session.connection(), table, count),
        "account_id": account_ids,
        "name": [person.name for person in people],
        "line1": [person.line1 for person in people],
        "city": [person.city for person in people],
        "postcode": [person.postcode for person in people],
        "country": [country_code(country) or COUNTRY for country in countries],
        "is_default": [True] * count,
    }
    columns |= {name: [""] * count for name in ("line2", "region", "phone")}
    insert_columns(session.connection(), table, columns)


@cache
def country_code(name: str) -> str:
    """ISO 3166 code of a country's English name; "" for none that is known."""
    if name.upper() in _COUNTRIES:
        return _COUNTRIES[name.upper()]
    territories = {
        text.upper(): code for code, text in Locale("en").territories.items() if len(code) == 2 and code.isalpha()
    }
    return str(territories.get(name.upper(), ""))


def write_orders(
    session: Session,
    orders: Sequence[Invoice],
    products: Products,
    accounts: Accounts,
    report: ImportReport,
    *,
    progress: Progress,
) -> None:
    """One order an invoice, delivered long ago; its lines in the order of the file."""
    connection, count = session.connection(), len(orders)
    if not orders:
        return
    ids = take_ids(connection, table_of(Order), count)
    unknown = (None, Person("Unknown", "buyer", UNKNOWN_BUYER, "", "", ""), "")
    buyers = [accounts.get(invoice.customer, unknown) for invoice in orders]
    numbers = [f"OR-{invoice.number}" for invoice in orders]
    totals = [invoice.cents for invoice in orders]
    columns: dict[str, list[Any]] = {
        "id": ids,
        "number": numbers,
        "account_id": [account_id for account_id, _, _ in buyers],
        "buyer": [
            f"account:{account_id}" if account_id else f"import:{number}"
            for (account_id, _, _), number in zip(buyers, numbers, strict=True)
        ],
        "idempotency_key": numbers,
        "email": [person.email for _, person, _ in buyers],
        "email_folded": [person.email for _, person, _ in buyers],
        "placed_at": [invoice.at for invoice in orders],
        "goods_minor": totals,
        "total_minor": totals,
        "ship_name": [person.name for _, person, _ in buyers],
        "ship_line1": [person.line1 for _, person, _ in buyers],
        "ship_city": [person.city for _, person, _ in buyers],
        "ship_postcode": [person.postcode for _, person, _ in buyers],
        "ship_country": [country_code(invoice.country) for invoice in orders],
    }
    columns |= {name: [value] * count for name, value in _SAME_FOR_ALL.items()}
    insert_columns(connection, table_of(Order), columns)
    report.orders, report.lines = count, _write_lines(session, orders, ids, products, progress)


_SAME_FOR_ALL: dict[str, Any] = {
    "request_hash": "", "status": str(OrderStatus.DELIVERED), "currency": CURRENCY, "shipping_minor": 0,
    "discount_minor": 0, "delivery_method": "standard", "payment_method": "invoice", "payment_reference": "",
    "ship_line2": "", "ship_region": "", "ship_phone": "", "source": SOURCE,
}  # fmt: skip


def _write_lines(
    session: Session, orders: Sequence[Invoice], ids: list[int], products: Products, progress: Progress
) -> int:
    lines = [
        (order_id, position, *products[sale.code], sale.quantity, _unit(sale), sale.cents)
        for order_id, invoice in zip(ids, orders, strict=True)
        for position, sale in enumerate(invoice.sales, start=1)
    ]
    names = ("order_id", "position", "product_id", "name", "quantity", "unit_minor", "net_minor")
    progress("Order lines", 0, len(lines))
    insert_columns(session.connection(), table_of(OrderLine), dict(zip(names, zip(*lines, strict=True), strict=True)))
    progress("Order lines", len(lines), len(lines))
    return len(lines)


def _unit(sale: Sale) -> int:
    return (sale.cents * 2 + sale.quantity) // (sale.quantity * 2)  # half-up; quantities of orders are positive
