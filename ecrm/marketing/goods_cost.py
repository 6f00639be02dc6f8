"""What goods cost the shop: read from a CSV file, kept by product and day, and used for lines that were told without.

An order tells what its goods cost where the shop knows it; that is never overwritten from here. What was filled from
here (`SeenOrderLine.cost_filled`) follows a later file, so that a wrong cost can be corrected.
"""

from __future__ import annotations

import csv
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from sqlalchemy import ColumnElement, bindparam, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from ecrm.wording import gettext as _
from tracking.clickstream.rollups import day_of
from tracking.orders import SeenOrder, SeenOrderLine
from tracking.record import Record

from .campaigns import GoodsCost

COLUMNS = ("product", "since", "unit cost")
MAX_UNIT = 10**12
_UNIT = re.compile(r"\d{1,15}(?:[.,]\d{0,10})?|[.,]\d{1,10}", re.ASCII)
_CHUNK = 400  # products a query; below the number of parameters that either database takes


class Cost(NamedTuple):
    """A row of the file: from this day of the shop's on, a piece costs so much (minor units)."""

    product: str
    since: date
    unit_minor: int


class BadRow(NamedTuple):
    """A row that can't be taken, and why; lines count from 1, the heading included."""

    line: int
    why: str


@dataclass(frozen=True)
class CostFile:
    """What a file says. Nothing of a file with bad rows should be imported without asking."""

    costs: tuple[Cost, ...] = ()
    bad: tuple[BadRow, ...] = ()


@dataclass
class CostReport:
    """What an import changed. `order_ids`: orders whose lines got a cost; their credits are to be booked again."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    lines: int = 0
    order_ids: list[int] = field(default_factory=list)


class CostedLine(Protocol):
    """What a line of a told order says of its cost."""

    @property
    def product_id(self) -> str: ...
    @property
    def quantity(self) -> int: ...
    @property
    def cost_minor(self) -> int | None: ...


class KnownCosts:
    """The costs of some products, by day."""

    def __init__(self, costs: Iterable[Cost]) -> None:
        self._days: defaultdict[str, list[date]] = defaultdict(list)
        self._units: defaultdict[str, list[int]] = defaultdict(list)
        for cost in sorted(costs):
            self._days[cost.product].append(cost.since)
            self._units[cost.product].append(cost.unit_minor)

    @classmethod
    def of(cls, session: Session, products: Collection[str] | None = None) -> KnownCosts:
        """The costs of these products, or of all."""
        query = select(GoodsCost.product, GoodsCost.since, GoodsCost.unit_minor)
        if products is None:
            return cls(Cost(*row) for row in session.execute(query))
        return cls(
            Cost(*row)
            for some in _chunks(sorted(products))
            for row in session.execute(query.where(GoodsCost.product.in_(some)))
        )

    def unit(self, product: str, day: date) -> int | None:
        """What a piece cost on a day; None where it isn't known (yet)."""
        if product not in self._days:
            return None
        at = bisect_right(self._days[product], day)
        return self._units[product][at - 1] if at else None

    def of_line(self, line: CostedLine, day: date) -> tuple[int | None, bool]:
        """What a line's goods cost: as told with the order, or else as known for the day; and whether it is the latter
        (`SeenOrderLine.cost_filled`)."""
        if line.cost_minor is not None:
            return line.cost_minor, False
        unit = self.unit(line.product_id, day)
        return (None, False) if unit is None else (unit * line.quantity, True)


def read_costs(text: str, *, decimals: int) -> CostFile:
    """Read `product;since;unit cost` (comma, semicolon or tab; a heading is optional): the dry run of an import.

    Days as 2026-11-20. A cost has a point or a comma and no more decimals than the currency; thousands aren't set
    apart, so that "1,234" can't be taken for 1.234. A product and day may stand once.

    Args:
        decimals: of the shop's currency, e.g. 2 for the euro.
    """
    rows = text.removeprefix("\ufeff").splitlines()
    costs: dict[tuple[str, date], Cost] = {}
    bad: list[BadRow] = []
    marks = max(";\t,", key=lambda mark: (rows[0].count(mark) if rows else 0, mark != ","))
    for number, row in enumerate(rows, start=1):
        if not row.strip():
            continue
        try:
            cells = [cell.strip() for cell in next(csv.reader([row], delimiter=marks))]
            if number == 1 and _is_heading(cells):
                continue
            cost = _cost(cells, decimals)
            if (cost.product, cost.since) in costs:
                raise ValueError(_("Product and day stand in the file twice; keep one of the rows."))
        except (ValueError, csv.Error) as error:
            bad.append(BadRow(number, str(error)))
        else:
            costs[cost.product, cost.since] = cost
    return CostFile(tuple(costs.values()), tuple(bad))


def import_goods_costs(session: Session, costs: Sequence[Cost], *, time_zone: str) -> CostReport:
    """Keep these costs (a later file's go before), and fill the lines told without; commits nothing."""
    report = CostReport()
    by_product: defaultdict[str, list[Cost]] = defaultdict(list)
    for cost in costs:
        by_product[cost.product].append(cost)
    for some in _chunks(sorted(by_product)):
        wanted = {(cost.product, cost.since): cost.unit_minor for product in some for cost in by_product[product]}
        query = select(GoodsCost.product, GoodsCost.since, GoodsCost.unit_minor).where(GoodsCost.product.in_(some))
        known = {(product, since): unit for product, since, unit in session.execute(query)}
        _keep(session, wanted)
        report.new += sum(key not in known for key in wanted)
        report.unchanged += sum(known.get(key) == unit for key, unit in wanted.items())
        report.changed += sum(key in known and known[key] != unit for key, unit in wanted.items())
        _fill_lines(session, some, time_zone, report)
    report.order_ids = sorted(set(report.order_ids))
    return report


def _is_heading(cells: Sequence[str]) -> bool:
    """Whether it names the columns; a product's own id may begin with "product", or be that word."""
    product, since = (*(cell.casefold() for cell in cells[:2]), "", "")[:2]
    return since == COLUMNS[1] or (product == COLUMNS[0] and not any(map(str.isdigit, since)))


def _cost(cells: Sequence[str], decimals: int) -> Cost:
    if len(cells) != len(COLUMNS):
        raise ValueError(_("The row has %(n)s columns; give three: product, since, unit cost.", n=len(cells)))
    product, since, unit = cells
    if not product or len(product) > 64 or "\x00" in product:
        raise ValueError(_("Give the product's id in the shop, at most 64 characters."))
    try:
        day = date.fromisoformat(since)
    except ValueError:
        raise ValueError(_("“%(day)s” is no day; write it as 2026-11-20.", day=since[:40])) from None
    return Cost(product, day, _minor(unit, decimals))


def _minor(text: str, decimals: int) -> int:
    refused = _("“%(cost)s” is no cost; write it as 12.34, without a currency or thousands mark.", cost=text[:40])
    if not _UNIT.fullmatch(text):  # Decimal itself would take "1e3" and "1_0"
        raise ValueError(refused)
    amount = Decimal(text.replace(",", ".")).scaleb(decimals)
    if amount > MAX_UNIT:
        raise ValueError(refused)
    if amount != amount.to_integral_value():
        raise ValueError(_("“%(cost)s” has more decimals than the shop's currency.", cost=text[:40]))
    return int(amount)


def _keep(session: Session, wanted: Mapping[tuple[str, date], int]) -> None:
    table = _table(GoodsCost)
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(table)
    statement = statement.on_conflict_do_update(
        index_elements=["product", "since"], set_={"unit_minor": statement.excluded.unit_minor}
    )
    rows = [{"product": product, "since": since, "unit_minor": unit} for (product, since), unit in wanted.items()]
    session.connection().execute(statement, rows)


def _fill_lines(session: Session, products: Sequence[str], time_zone: str, report: CostReport) -> None:
    costs = KnownCosts.of(session, products)
    query = (
        select(
            SeenOrderLine.order_id,
            SeenOrderLine.position,
            SeenOrderLine.product,
            SeenOrderLine.quantity,
            SeenOrderLine.cost_minor,
            SeenOrder.placed_at,
        )
        .join(SeenOrder, SeenOrder.id == SeenOrderLine.order_id)
        .where(SeenOrderLine.product.in_(products), _untold(SeenOrderLine))
    )
    filled = []
    for order_id, position, product, quantity, before, placed_at in session.execute(query):
        unit = costs.unit(product, day_of(placed_at, time_zone))
        if unit is not None and unit * quantity != before:
            filled.append({"of": order_id, "at": position, "cost": unit * quantity})
    if filled:
        table = _table(SeenOrderLine)
        row = (table.c.order_id == bindparam("of")) & (table.c.position == bindparam("at"))
        fill = update(table).where(row, _untold(table.c)).values(cost_minor=bindparam("cost"), cost_filled=True)
        session.connection().execute(fill, filled)
        report.lines += len(filled)
        report.order_ids += [line["of"] for line in filled]


def _untold(line: Any) -> ColumnElement[bool]:
    """Whether an order line's cost isn't one that came with the order."""
    return or_(line.cost_minor.is_(None), line.cost_filled)


def _chunks(products: Sequence[str]) -> list[list[str]]:
    return [list(products[start : start + _CHUNK]) for start in range(0, len(products), _CHUNK)]


def _table(record: type[Record]) -> Any:
    return record.metadata.tables[record.__tablename__]
