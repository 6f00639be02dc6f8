"""A made-up shop for the support desk: as many customers as wanted, ten orders and ten steps each, with all that
belongs to them, written by the database itself in a few statements (a million customers in minutes, not hours).

Who orders is skewed on purpose: the first customer has thousands of orders, most have a few. Nothing of it is anybody's.
Secondary indexes are dropped before and made again afterwards, as any bulk load should.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Index, text

from ecrm.tables import METADATA

NOW = 1_793_000_000
"""Seconds since 1970: the moment at which the world ends, in October 2026."""
YEARS = 3
SPAN = YEARS * 365 * 86_400
ORDERS = EVENTS = 10
"""Of a customer, on average."""
_SYLLABLES = "BaDeFoGuHaKeLiMoNuPaRiSoTuWa"


@dataclass(frozen=True)
class Dialect:
    """What the two databases spell differently."""

    name: str

    def numbers(self, count: int) -> str:
        """A table `n` with the numbers `i` from 1."""
        if self.name == "postgresql":
            return f"(SELECT i FROM generate_series(1::bigint, {count}) AS i) AS n"
        ending = f"i < {count}"
        return f"(WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE {ending}) SELECT i FROM r) AS n"

    def moment(self, seconds: str) -> str:
        """A moment from seconds since 1970, as `UtcDateTime` stores it."""
        if self.name == "postgresql":
            return f"to_timestamp({seconds})"
        return f"strftime('%Y-%m-%d %H:%M:%S.000000', {seconds}, 'unixepoch')"

    def day(self, seconds: str) -> str:
        """The same as a date."""
        return f"{self.moment(seconds)}::date" if self.name == "postgresql" else f"date({seconds}, 'unixepoch')"


def fill(engine: Engine, customers: int, *, say: Callable[[str], None] = print) -> None:
    """Fill the CRM's empty tables; `say` gets a line a table with its rows and seconds."""
    indexes = [index for table in METADATA.sorted_tables for index in table.indexes if not index.unique]
    with engine.connect() as connection:
        _hurry(connection)
        _drop(connection, indexes)
        for table, count, statement in _statements(Dialect(engine.dialect.name), customers):
            began = time.perf_counter()
            connection.execute(text(statement))
            connection.commit()
            say(f"{table:24} {count:>12,} rows {time.perf_counter() - began:8.1f} s")
        began = time.perf_counter()
        for index in indexes:
            index.create(connection)
        connection.commit()
        say(f"{'indexes':24} {len(indexes):>12,}      {time.perf_counter() - began:8.1f} s")
        began = time.perf_counter()
        connection.execute(text("ANALYZE"))
        connection.commit()
        say(f"{'analyze':24} {'':>12}      {time.perf_counter() - began:8.1f} s")


def email_of(customer: int) -> str:
    """The address of a customer of this world."""
    return f"person{customer}@example.org"


def customer_of_order(order: int, customers: int) -> int:
    """Who placed an order; the same as the statements say in SQL. Both count from 1."""
    return 1 + (order * 7919 % customers) ** 2 // customers


def _hurry(connection: Connection) -> None:
    """The load can be repeated, so nothing has to survive a crash of it."""
    if connection.dialect.name == "sqlite":
        driver = connection.connection.driver_connection
        assert driver is not None
        for pragma in ("journal_mode=MEMORY", "synchronous=OFF", "cache_size=-1500000", "foreign_keys=OFF"):
            driver.execute(f"PRAGMA {pragma}")
    else:
        connection.execute(text("SET synchronous_commit = off"))
        connection.execute(text("SET maintenance_work_mem = '1GB'"))
        connection.execute(text("SET session_replication_role = replica"))  # foreign keys hold by construction
        connection.commit()


def _drop(connection: Connection, indexes: list[Index]) -> None:
    for index in indexes:
        index.drop(connection, checkfirst=True)
    connection.commit()


def _statements(db: Dialect, n: int) -> list[tuple[str, int, str]]:
    """(table, rows, statement) in the order in which they must run."""
    orders, events, visits, emails = n * ORDERS, n * EVENTS, n * EVENTS // 4, n * 5
    buyer = f"(1 + (i * 7919 % {n}) * (i * 7919 % {n}) / {n})"
    visitor = f"(1 + (i * 104729 % {n}) * (i * 104729 % {n}) / {n})"
    begin = NOW - SPAN

    def at(expression: str, plus: int = 0) -> str:
        return db.moment(f"{begin + plus} + {expression}")

    def insert(table: str, count: int, **columns: str) -> tuple[str, int, str]:
        columns = columns | _defaults(table, columns)
        names = ", ".join(f'"{name}"' for name in columns)
        return table, count, (
            f"INSERT INTO {table} ({names}) SELECT {', '.join(columns.values())} FROM {db.numbers(count)}"
        )  # fmt: skip

    def syllable(divisor: int, lower: bool = True) -> str:
        found = f"substr('{_SYLLABLES}', 2 * CAST((i * 31 / {divisor}) % 14 AS INTEGER) + 1, 2)"
        return f"lower({found})" if lower else found

    no, yes = "false", "true"
    placed = f"i * {SPAN // orders or 1}" if orders <= SPAN else f"i * {SPAN} / {orders}"
    went = f"i * {SPAN} / {visits}"
    step = f"((i - 1) / 4 + 1) * {SPAN} / {visits} + (i - 1) % 4 * 60"
    stepped = visitor.replace("i *", "((i - 1) / 4 + 1) *")
    return [
        insert(
            "ecrm_customer", n, id="i", reference="'c' || i", email="'person' || i || '@example.org'",
            email_folded="'person' || i || '@example.org'", first_name=syllable(7, lower=False) + f" || {syllable(3)}",
            last_name=f"{syllable(1, lower=False)} || {syllable(14)} || {syllable(196)} || {syllable(2744)}",
            name_folded=f"lower({syllable(1)} || {syllable(14)} || {syllable(196)} || {syllable(2744)} || ' ' || "
                        f"{syllable(7)} || {syllable(3)})",
            phone="'+4930' || (10000000 + i)", phone_folded="'+4930' || (10000000 + i)", country="'DE'", traits="'{\"size\": \"M\"}'", created_at=at("i % 1000"),
        ),
        insert("ecrm_customer_email", n, folded="'person' || i || '@example.org'", customer_id="i", added_at=at("0")),
        insert(
            "ecrm_contact", n, id="i", folded="'person' || i || '@example.org'", address="'person' || i || '@example.org'",
            customer_id="i", created_at=at("0"), confirmed_at=at("60"), tracking_allowed=no, blocked="0",
        ),
        insert("ecrm_subscription", n, contact_id="i", topic="'newsletter'", wanted=yes, changed_at=at("60")),
        insert(
            "ecrm_consent_entry", n, id="i", contact_id="i", topic="'newsletter'", given=yes, how="'checkout'",
            wording="'Write to me about news.'", at=at("60"), actor="''", proof="''",
        ),
        insert(
            "ecrm_checkout_memory", n, id="i", customer_id="i", account="'c' || i",
            address="'{\"name\": \"A B\", \"line1\": \"Gasse 1\", \"postcode\": \"10115\", \"city\": \"Berlin\", \"country\": \"DE\"}'",
            delivery_method="'standard'", payment_method="'invoice'", order_reference="'S' || (10000000 + i)",
            updated_at=at("0"),
        ),
        insert("ecrm_visitor", n, id="i", token="'v' || i", first_seen_at=at("0"), simulated=no),
        insert("ecrm_visitor_claim", n, id="i", visitor_id="i", customer_id="i", claimed_at=at("0"), how="'signed in'"),
        insert("ecrm_consent_choice", n, id="i", visitor_id="i", grade="2", wording="'v1'", chosen_at=at("0")),
        insert(
            "ecrm_session", visits, id="i", visitor_id=visitor, started_at=at(went), last_at=at(went, 180),
            entry_path="'/p/' || (i % 20000)", referrer="''", page_views="2", product_views="1", searches="1",
            cart_adds="1", checkouts="0", orders="0", revenue_minor="0", refunds_minor="0", seconds="120", stage="2",
            bounced=no, day=db.day(f"{begin} + {went}"), customer_id=visitor, grade="2", simulated=no,
        ),
        insert(
            "ecrm_event", events, id="i",
            name="CASE i % 4 WHEN 0 THEN 'Page Viewed' WHEN 1 THEN 'Product Viewed' WHEN 2 THEN 'Products Searched' "
                 "ELSE 'Product Added' END",
            happened_at=at(step), visitor_id=stepped, session_id="(i - 1) / 4 + 1",
            subject="CASE i % 4 WHEN 2 THEN 'word ' || (i % 3000) ELSE CAST(i % 20000 AS VARCHAR(20)) END",
            properties="'{\"results\": 12}'", simulated=no, customer_id=stepped,
        ),
        insert(
            "ecrm_order", orders, id="i", reference="'S' || (10000000 + i)", customer_id=buyer, placed_at=at(placed),
            currency="'EUR'", goods_minor="4000", shipping_minor="490", discount_minor="0", total_minor="4490",
            refunded_minor="CASE i % 25 WHEN 0 THEN 1000 ELSE 0 END", is_first=no, codes="'[]'", heard_from="''", joined=no,
        ),
        insert(
            "ecrm_order_line", orders, order_id="i", position="1", product="CAST(i % 20000 AS VARCHAR(20))",
            name="'Lantern no. ' || (i % 20000)", quantity="1 + i % 3", net_minor="2000", cost_filled=no,
        ),
        insert(
            "ecrm_order_line", orders // 2, order_id="2 * i", position="2", product="CAST(i % 20000 AS VARCHAR(20))",
            name="'Teapot no. ' || (i % 20000)", quantity="1", net_minor="2000", cost_filled=no,
        ),
        insert(
            "ecrm_refund", orders // 25, id="i", reference="'R' || i", order_id="25 * i",
            customer_id=buyer.replace("(i *", "(25 * i *"), refunded_at=at(placed.replace("i *", "25 * i *"), 864_000),
            amount_minor="1000", reason="'damaged'",
        ),
        insert(
            "ecrm_shipment", orders, id="i", reference="'P' || (10000000 + i)", order_reference="'S' || (10000000 + i)",
            customer_id=buyer, carrier="'dhl'", tracking_number="'00340434' || (100000000000 + i)",
            token="'t' || i", status=f"CASE WHEN i > {orders} - {orders // 500} THEN 'in_transit' ELSE 'delivered' END",
            promised_on=db.day(f"{begin} + {placed} + 259200"), expected_at=at(placed), shipped_at=at(placed, 86_400),
            delivered_at=f"CASE WHEN i > {orders} - {orders // 500} THEN NULL ELSE {at(placed, 172_800)} END",
        ),
        insert(
            "ecrm_scan", orders, id="i", shipment_id="i", customer_id=buyer, scanned_at=at(placed, 86_400), status="'in_transit'",
            place="'Berlin'", note="''",
        ),
        insert(
            "ecrm_email", emails, id="i", dedup_key="'k' || i", template="'order_completed'",
            customer_id=buyer.replace("7919", "7727"), contact_id=buyer.replace("7919", "7727"),
            topic="''", source="CASE i % 5 WHEN 0 THEN 'mailing:' || (i % 90) ELSE '' END", step="0", variant="''",
            priority="0", content="'{}'", from_address="'shop@example.com'", from_name="'Shop'",
            to_address="'person@example.org'", to_name="''", subject="'Your order ' || i", text="'Thank you.'",
            html="'<p>Thank you.</p>'", message_id="'<' || i || '@example.com>'",
            transactional=f"CASE i % 5 WHEN 0 THEN {no} ELSE {yes} END", state="'sent'", attempts="1", doubts="0",
            queued_at=at(f"i * {SPAN} / {emails}"), due_at=at(f"i * {SPAN} / {emails}"), claimed_by="''",
            sent_at=at(f"i * {SPAN} / {emails}", 5), last_error="''", reason="''",
        ),
        insert(
            "ecrm_worth", n, customer_id="i", orders="10", net_minor="44900", first_at=at("0"), last_at=at(f"{SPAN} - 9"),
            recency="1 + i % 5", frequency="1 + i % 4", monetary="3", rfm_group="'loyal'", clv_minor="9000",
            clv_low_minor="4000", clv_high_minor="20000", alive_ppm="800000",
        ),
        insert(
            "ecrm_case", n // 5, id="i", reference="'C-' || (10000000 + i)", customer_id="5 * i",
            from_address="'person' || (5 * i) || '@example.org'", from_folded="'person' || (5 * i) || '@example.org'",
            channel="'email'", kind="CASE i % 6 WHEN 0 THEN 'complaint' WHEN 1 THEN 'praise' ELSE 'question' END",
            next_due=db.moment("221845392000"), subject="'Where is my order?'", state="CASE i % 50 WHEN 0 THEN 'open' ELSE 'closed' END",
            opened_at=at(f"i * {SPAN} / {n // 5}"), last_message_at=at(f"i * {SPAN} / {n // 5}", 3600),
        ),
        insert(
            "ecrm_case_message", n // 5 * 2, id="i", case_id="(i + 1) / 2", channel="'email'",
            direction="CASE i % 2 WHEN 1 THEN 'in' ELSE 'out' END", text="'Where is it? Thank you.'",
            at=at(f"(i + 1) / 2 * {SPAN} / {n // 5} + (1 - i % 2) * 3600"),
        ),
        insert(
            "ecrm_customer_note", n // 10, id="i", customer_id="10 * i", staff_id="'1'", staff_name="'Sam'",
            text="'Prefers to be called in the morning.'", at=at(f"i * {SPAN} / {n // 10}"),
        ),
        insert(
            "ecrm_unit", n // 2, id="i", serial_number="'SN-' || (1000000 + i)", serial_folded="'SN' || (1000000 + i)",
            product="CAST(i % 20000 AS VARCHAR(20))", name="'Lantern no. ' || (i % 20000)",
            order_reference="'S' || (10000000 + i)", customer_id=buyer, sold_at=at(placed),
            warranty_until=db.day(f"{begin} + {placed} + 63072000"),
        ),
        ("ecrm_worth_run", 1, "INSERT INTO ecrm_worth_run (id, as_of, customers, model) "
         f"VALUES (1, {db.moment(str(NOW))}, {n}, '{{}}')"),
    ]  # fmt: skip


def _defaults(table: str, given: dict[str, str]) -> dict[str, str]:
    """What the model would fill in itself: the databases know no defaults."""
    found: dict[str, str] = {}
    for column in METADATA.tables[table].columns:
        default: Any = column.default
        if column.name in given or default is None:
            continue
        value = default.arg if default.is_scalar else ({} if "dict" in getattr(default.arg, "__name__", "") else [])
        if default.is_scalar or default.is_callable:
            found[column.name] = _literal(value)
    return found


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(int(value))
    return "'" + (str(value) if isinstance(value, str) else json.dumps(value)).replace("'", "''") + "'"
