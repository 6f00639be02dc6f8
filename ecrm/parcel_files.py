"""A file of many tracking numbers: order, number, and where needed carrier and pieces; what each row would do."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking.delivery.carriers import NAMES, candidates, tidied
from tracking.delivery.contents import Goods, contents_of
from tracking.delivery.shipment import Shipment, Status
from tracking.orders import SeenOrder

from .marketing.imports.export import Heading, Line, Table
from .row_files import ROUNDED, Does, chunks, read_rows
from .wording import gettext as _

_HEADINGS = (
    Heading(
        "order",
        ("order", "order number", "order id", "order no", "reference", "bestellung", "bestellnummer"),
        needed=True,
    ),
    Heading(
        "number",
        ("tracking number", "tracking", "tracking no", "tracking id", "number", "sendungsnummer", "paketnummer"),
        needed=True,
    ),
    Heading("carrier", ("carrier", "courier", "shipping carrier", "paketdienst", "versanddienst")),
    Heading("lines", ("lines", "pieces", "items", "products", "inhalt")),
)
_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9./-]{3,63}", re.ASCII)


@dataclass(frozen=True)
class Row:
    """A row of the file as it would be entered; `pieces` by product, None for all that is left.

    `words` say what it does or what is wrong with it.
    """

    line: int
    order: str
    number: str
    carrier: str
    pieces: Mapping[str, int] | None
    does: Does
    words: str


def read_file(content: bytes) -> Table:
    """A CSV or XLSX file with headings.

    Raises:
        Unreadable: what it says is for the person who chose the file.
    """
    return read_rows(content, _HEADINGS)


def plan(session: Session, table: Table) -> list[Row]:
    """What each row would do, in the file's order: an earlier row's pieces are gone for a later one."""
    typed = {table.cell(line, "order").lstrip("#").strip() for line in table.rows}
    orders = typed | {order.upper() for order in typed}
    numbers = {tidied(table.cell(line, "number")) for line in table.rows}
    known = _Known.of(session, orders, numbers)
    return [known.row(table, line) for line in table.rows]


def _order(table: Table, line: Line) -> str:
    return table.cell(line, "order").lstrip("#").strip().upper()


class _Refused(Exception):
    """The row can't be entered; its words say why."""


@dataclass
class _Known:
    """What is known of the orders and numbers of a file, less what its earlier rows take."""

    references: Mapping[str, str]
    left: dict[str, Counter[str] | None]
    closed: frozenset[str]
    entered: dict[str, str]

    @classmethod
    def of(cls, session: Session, orders: set[str], numbers: set[str]) -> _Known:
        references: dict[str, str] = {}
        shipments: list[Shipment] = []
        for some in chunks(sorted(orders)):
            found = select(SeenOrder.reference).where(SeenOrder.reference.in_(some))
            references |= {reference.upper(): reference for reference in session.scalars(found)}
            shipments += session.scalars(select(Shipment).where(Shipment.order_reference.in_(some)))
        for some in chunks(sorted(numbers)):
            shipments += session.scalars(select(Shipment).where(Shipment.tracking_number.in_(some)))
        waiting = [one for one in shipments if one.status == Status.PRE_TRANSIT and one.shipped_at is None]
        goods: dict[int, list[Goods]] = {}
        for some_ids in chunks([one.id for one in waiting]):
            goods |= contents_of(session, some_ids)
        left: dict[str, Counter[str] | None] = {
            one.order_reference.upper(): Counter({part.product: part.quantity for part in goods[one.id]})
            if one.id in goods
            else None
            for one in waiting
        }
        closed = frozenset(
            one.order_reference.upper()
            for one in shipments
            if one.status == Status.CANCELLED and one.order_reference.upper() not in left
        )
        return cls(
            references,
            left,
            closed,
            {tidied(one.tracking_number): one.order_reference.upper() for one in shipments if one.tracking_number},
        )  # fmt: skip

    def row(self, table: Table, line: Line) -> Row:
        order, number = _order(table, line), tidied(table.cell(line, "number"))
        carrier, pieces = table.cell(line, "carrier"), None
        try:
            if self._same(order, number):
                return Row(line.number, order, number, carrier, None, Does.SAME, _("is entered already"))
            carrier = carrier or _carrier(number)
            pieces = _pieces(table.cell(line, "lines"))
            words = self._take(order, pieces)
        except _Refused as refused:
            return Row(line.number, order, number, carrier, pieces, Does.WRONG, str(refused))
        self.entered[number] = order
        return Row(line.number, self.references[order], number, carrier, pieces, Does.SEND, words)

    def _same(self, order: str, number: str) -> bool:
        if not order:
            raise _Refused(_("The order is missing."))
        if order not in self.references:
            raise _Refused(_("No such order is known."))
        if ROUNDED.fullmatch(number):
            raise _Refused(_("The spreadsheet rounded this number. Format its column as text, and enter it again."))
        if not _NUMBER.fullmatch(number):
            raise _Refused(_("A tracking number has 4 to 64 letters and digits, as printed on the label."))
        owner = self.entered.get(number)
        if owner not in {None, order}:
            raise _Refused(_("This number belongs to a parcel of another order."))
        return owner == order

    def _take(self, order: str, pieces: Mapping[str, int] | None) -> str:
        if order not in self.left:
            raise _Refused(
                _("The order was cancelled.") if order in self.closed else _("Nothing of the order is left to send.")
            )
        left = self.left[order]
        if left is None:  # what is in it isn't known: the shop decides
            return _("sends what is left")
        taken = Counter(left) if pieces is None else Counter(pieces)
        for product, count in taken.items():
            if count > left[product]:
                raise _Refused(
                    _("Of product %(product)s, %(left)d are left to send.", product=product[:60], left=left[product])
                )
        if not taken.total():
            raise _Refused(_("Nothing of the order is left to send."))
        rest = left - taken
        self.left[order] = rest
        if rest.total():
            return _("sends %(count)d of %(all)d pieces that are left", count=taken.total(), all=left.total())
        del self.left[order]
        return _("sends all that is left: %(count)d pieces", count=taken.total())


def _carrier(number: str) -> str:
    found = candidates(number)
    if len(found) == 1:
        return found[0]
    if found:
        names = _(" or ").join(NAMES[one] for one in found)
        raise _Refused(_("This number may be of %(carriers)s: write which in the column “Carrier”.", carriers=names))
    raise _Refused(_("The carrier can't be told from this number: write it in the column “Carrier”."))


def _pieces(text: str) -> dict[str, int] | None:
    """`12:2; 15:1` is two pieces of the shop's product 12 and one of 15; nothing is all that is left."""
    if not text:
        return None
    found: Counter[str] = Counter()
    for part in re.split(r"[;,\s]+", text.strip()):
        product, mark, count = part.rpartition(":")
        if not (mark and product and count.isascii() and count.isdigit() and int(count[:9]) > 0 and len(count) < 9):
            raise _Refused(_("Pieces are written like 12:2; 15:1, which is two of product 12 and one of 15."))
        found[product] += int(count)
    return dict(found)
