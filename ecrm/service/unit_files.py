"""A file of pieces with serial numbers: whose each is, its warranty, and what each row would do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from ecrm.marketing.imports.export import Heading, Line, Table
from ecrm.row_files import ROUNDED, Does, chunks, read_rows
from ecrm.serial_numbers import BadSerial, fold_serial
from ecrm.storefront import ProductCard
from ecrm.warranty_months import MOST_MONTHS
from ecrm.wording import gettext as _
from tracking.customers import Customer, CustomerEmail
from tracking.email_address import fold
from tracking.orders import SeenOrder, SeenOrderLine

from .units import Sold, Unit
from .warranty import runs_until

SOURCE = "file"
_HEADINGS = (
    Heading("serial", ("serial number", "serial", "serial no", "s/n", "sn", "seriennummer"), needed=True),
    Heading("product", ("product", "product id", "product number", "item", "artikel", "produkt", "artikelnummer")),
    Heading("order", ("order", "order number", "order id", "order no", "bestellung", "bestellnummer")),
    Heading("email", ("e-mail", "email", "e-mail address", "customer", "kunde")),
    Heading("sold", ("sold on", "sold", "date of sale", "purchased on", "verkauft am", "kaufdatum")),
    Heading("months", ("warranty months", "months", "garantiemonate")),
    Heading("until", ("warranty until", "warranty ends", "garantie bis")),
)
_DAYS = (
    re.compile(r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)( 00:00:00)?", re.ASCII),
    re.compile(r"(?P<d>\d\d?)\.(?P<m>\d\d?)\.(?P<y>\d{4})", re.ASCII),
)


@dataclass(frozen=True)
class UnitRow:
    """A row of the file; `sold`: what would be kept, None where nothing is. `words` say what it does, or why not."""

    line: int
    serial: str
    product: str
    whose: str
    sold: Sold | None
    does: Does
    words: str


@dataclass(frozen=True)
class Calendar:
    """The shop's day and zone, and how many months a product's warranty runs."""

    today: date
    zone: ZoneInfo
    months: Mapping[str, int]
    usual: int


class _Refused(Exception):
    """The row can't be taken; its words say why."""


def read_file(content: bytes) -> Table:
    """A CSV or XLSX file with headings.

    Raises:
        Unreadable: what it says is for the person who chose the file.
    """
    return read_rows(content, _HEADINGS)


def products_named(table: Table) -> list[str]:
    """The products that the rows name, as typed; the shop is asked which of them it has."""
    return sorted({table.cell(line, "product")[:64] for line in table.rows} - {""})


def products_ordered(session: Session, table: Table) -> list[str]:
    """The products of the orders that the rows name."""
    found: set[str] = set()
    for some in chunks(sorted(_orders(table))):
        lines = select(SeenOrderLine.product).join(SeenOrder, SeenOrder.id == SeenOrderLine.order_id)
        found |= set(session.scalars(lines.where(SeenOrder.reference.in_(some)).distinct()))
    return sorted(found)


def plan(session: Session, table: Table, *, cards: Mapping[str, ProductCard], calendar: Calendar) -> list[UnitRow]:
    """What each row would do, in the file's order.

    Args:
        cards: of the shop's products that the rows or their orders name, by id.
    """
    known = _Known.of(session, table, cards, calendar)
    return [known.row(table, line) for line in table.rows]


@dataclass
class _Known:
    """What is known of the orders, people and numbers of a file; what earlier rows of it take is known, too."""

    orders: Mapping[str, SeenOrder]
    lines: Mapping[int, Sequence[SeenOrderLine]]
    people: Mapping[str, int | None]
    pieces: dict[tuple[str, str], tuple[str, int | None]]
    cards: Mapping[str, ProductCard]
    calendar: Calendar

    @classmethod
    def of(cls, session: Session, table: Table, cards: Mapping[str, ProductCard], calendar: Calendar) -> _Known:
        orders: dict[str, SeenOrder] = {}
        lines: dict[int, list[SeenOrderLine]] = {}
        for some in chunks(sorted(_orders(table))):
            found = session.scalars(select(SeenOrder).where(SeenOrder.reference.in_(some))).all()
            orders |= {one.reference.upper(): one for one in found}
            ids = [one.id for one in found]
            for line in session.scalars(select(SeenOrderLine).where(SeenOrderLine.order_id.in_(ids))):
                lines.setdefault(line.order_id, []).append(line)
        folded = sorted({fold(table.cell(line, "email")) for line in table.rows} - {""})
        pieces: dict[tuple[str, str], tuple[str, int | None]] = {}
        for serials in chunks(sorted({_folded(table.cell(line, "serial")) for line in table.rows} - {""})):
            for unit in session.scalars(select(Unit).where(Unit.serial_folded.in_(serials))):
                pieces[unit.serial_folded, unit.product] = unit.order_reference, unit.customer_id
        return cls(orders, lines, _people(session, folded), pieces, cards, calendar)

    def row(self, table: Table, line: Line) -> UnitRow:
        serial, typed = table.cell(line, "serial"), table.cell(line, "product")
        order_typed, email = table.cell(line, "order").lstrip("#").strip(), table.cell(line, "email")
        whose = order_typed or email
        try:
            folded = _serial(serial)
            order = self._order(order_typed)
            product, name = self._product(order, typed)
            customer = order.customer_id if order else self._person(email)
            sold_on = self._sold(order, table.cell(line, "sold"))
            until = self._until(table.cell(line, "until"), table.cell(line, "months"), product, sold_on)
            same = self._same(folded, product, order, customer)
        except _Refused as refused:
            return UnitRow(line.number, serial, typed, whose, None, Does.WRONG, str(refused))
        if same:
            return UnitRow(line.number, serial, name, whose, None, Does.SAME, _("is on file already"))
        reference = order.reference if order else ""
        self.pieces[folded, product] = reference, customer
        at = order.placed_at if order and not table.cell(line, "sold") else self._noon(sold_on)
        sold = Sold(serial, product, name, reference, customer, at, until, SOURCE)
        words = _("warranty until %(day)s", day=until.isoformat()) if until else _("no warranty is promised")
        return UnitRow(line.number, serial, name, whose, sold, Does.SEND, words)

    def _order(self, typed: str) -> SeenOrder | None:
        if not typed:
            return None
        if (order := self.orders.get(typed.upper())) is None:
            raise _Refused(_("No such order is known."))
        return order

    def _product(self, order: SeenOrder | None, typed: str) -> tuple[str, str]:
        if order is not None:
            lines = self.lines.get(order.id, ())
            fits = [one for one in lines if not typed or typed in {one.product, one.name}]
            if len({one.product for one in fits}) == 1:
                return fits[0].product, fits[0].name
            known = ", ".join(f"{one.product} ({one.name})" for one in lines)[:200]
            raise _Refused(_("Say which product of the order it is: %(known)s.", known=known))
        if not typed:
            raise _Refused(_("The product is missing."))
        card = self.cards.get(typed)
        if card is None:
            raise _Refused(_("The shop has no product with this number."))
        return card.product_id, card.name

    def _person(self, email: str) -> int | None:
        if not email:
            return None
        if fold(email) not in self.people:
            raise _Refused(_("Nobody is known by this e-mail address."))
        if (one := self.people[fold(email)]) is None:
            raise _Refused(_("Several accounts name this address, and none has proved it: write the order instead."))
        return one

    def _sold(self, order: SeenOrder | None, typed: str) -> date:
        if not typed and order is not None:
            return order.placed_at.astimezone(self.calendar.zone).date()
        if not typed:
            raise _Refused(_("The day of the sale is missing."))
        day = _day(typed)
        if day > self.calendar.today:
            raise _Refused(_("The day of the sale is yet to come."))
        return day

    def _until(self, until: str, months: str, product: str, sold_on: date) -> date | None:
        if until:
            last = _day(until)
            if last < sold_on:
                raise _Refused(_("The warranty ends before the sale."))
            return last
        if months and not (months.isascii() and months.isdigit() and len(months) <= 6 and int(months) <= MOST_MONTHS):
            raise _Refused(_("Months of warranty are a whole number, at most %(most)d.", most=MOST_MONTHS))
        runs = int(months) if months else self.calendar.months.get(product, self.calendar.usual)
        try:
            return runs_until(sold_on, runs)
        except (ValueError, OverflowError):
            raise _Refused(_("No calendar has the day on which this warranty would end.")) from None

    def _same(self, folded: str, product: str, order: SeenOrder | None, customer: int | None) -> bool:
        if (folded, product) not in self.pieces:
            return False
        if self.pieces[folded, product] != (order.reference if order else "", customer):
            raise _Refused(_("This number of this product is on file with another order or customer."))
        return True

    def _noon(self, day: date) -> datetime:
        return datetime.combine(day, time(12), tzinfo=self.calendar.zone)


def _people(session: Session, folded: Sequence[str]) -> dict[str, int | None]:
    """Whose an address is: whoever proved it, else the only one who names it; None where several do."""
    found: dict[str, int | None] = {}
    for some in chunks(folded):
        owners = select(CustomerEmail.folded, CustomerEmail.customer_id).where(CustomerEmail.folded.in_(some))
        proved = {row.folded: row.customer_id for row in session.execute(owners)}
        named: dict[str, int | None] = {}
        says = select(Customer.email_folded, Customer.id).where(Customer.email_folded.in_(some))
        for address, customer in session.execute(says):
            named[address] = None if address in named else customer
        found |= named | proved
    return found


def _orders(table: Table) -> set[str]:
    typed = {table.cell(line, "order").lstrip("#").strip()[:64] for line in table.rows} - {""}
    return typed | {order.upper() for order in typed}


def _folded(serial: str) -> str:
    try:
        return fold_serial(serial)
    except BadSerial:
        return ""


def _serial(typed: str) -> str:
    if ROUNDED.fullmatch(typed):
        raise _Refused(_("The spreadsheet rounded this number. Format its column as text, and enter it again."))
    if not typed or not (folded := _folded(typed)) or not typed.isprintable() or len(typed) > 64:
        raise _Refused(_("A serial number has 3 to 64 letters and digits."))
    return folded


def _day(typed: str) -> date:
    for form in _DAYS:
        if (found := form.fullmatch(typed)) is not None:
            try:
                return date(int(found["y"]), int(found["m"]), int(found["d"]))
            except ValueError:
                break
    raise _Refused(_("Days are written like 2026-11-20 or 20.11.2026, not %(typed)s.", typed=typed[:30]))
