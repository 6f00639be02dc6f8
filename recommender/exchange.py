"""Purchases as Parquet for an engine that is distributed already (Spark's ALS): what one machine can't factorise.

    <folder>/about.json                              how it was made, and the parameters that give our own ALS
    <folder>/products.parquet                        number int32, product string: the shop's ids behind the numbers
    <folder>/purchases/month=2026-11/part-0.parquet  customer int32, product int32, weight float, day date32

A row says that a customer bought a product on a day of the shop's calendar. `weight` is exp(-age / FADE_DAYS): summed
over the days and multiplied by `alpha` it is what our own ALS calls confidence (`candidates.als`). `imported_factors`
reads what the engine made of it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from itertools import groupby
from pathlib import Path

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking.orders import SeenOrder, SeenOrderLine

from .agreed import ALS_WEIGHT
from .candidates import als
from .interactions import FETCH, Ints

ABOUT, PRODUCTS, PURCHASES = "about.json", "products.parquet", "purchases"
LARGEST = 2**31 - 1
"""Spark's ALS takes ids of 32 bits."""
EPOCH = date(1970, 1, 1).toordinal()
Row = tuple[int, str, datetime]


class NotExported(ValueError):
    """The export can't be written; the message says why."""


@dataclass(frozen=True)
class Exported:
    """What was written; its text is a sentence."""

    rows: int
    months: int
    products: int
    folder: Path

    def __str__(self) -> str:
        return (
            f"{self.rows:,} rows (customer, product, day) of {self.products:,} products in {self.months} months "
            f"are in {self.folder}."
        )


def export_interactions(
    session: Session,
    folder: Path,
    *,
    now: datetime,
    zone: tzinfo = UTC,
    progress: Callable[[str], None] = lambda _month: None,
) -> Exported:
    """Write everything bought up to `now`, a month at a time: memory holds one month, however long the past is.

    Raises:
        NotExported: the folder has something in it, or a customer's number is too large for the format.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NotExported(f"{folder} isn't empty; give the name of a new folder.")
    unfinished = folder.with_name(f".{folder.name}-unfinished-{os.getpid()}")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        found = _write(session, unfinished, now=now, zone=zone, progress=progress)
        if folder.exists():
            folder.rmdir()
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    rows, months, products = found
    return Exported(rows, months, products, folder)


def _write(
    session: Session, folder: Path, *, now: datetime, zone: tzinfo, progress: Callable[[str], None]
) -> tuple[int, int, int]:
    import pyarrow as pa  # imported here: opening a shop doesn't need it
    import pyarrow.parquet as pq

    (folder / PURCHASES).mkdir(parents=True)
    products = sorted(session.scalars(select(SeenOrderLine.product).distinct()))
    number = {product: place for place, product in enumerate(products)}  # grows where a new one is ordered meanwhile
    rows = months = 0
    for month, lines in _months(session, now, zone):
        customer, product, day = _days(lines, number, zone)
        age = np.maximum(now.astimezone(zone).toordinal() - day, 0)
        place = folder / PURCHASES / f"month={month}"
        place.mkdir()
        pq.write_table(
            pa.table({
                "customer": pa.array(customer, pa.int32()),
                "product": pa.array(product, pa.int32()),
                "weight": pa.array(np.exp(-age / als.FADE_DAYS), pa.float32()),
                "day": pa.array(day - EPOCH, pa.int32()).cast(pa.date32()),
            }),
            place / "part-0.parquet",
        )  # fmt: skip
        rows, months = rows + len(customer), months + 1
        progress(month)
    pq.write_table(
        pa.table({"number": pa.array(range(len(number)), pa.int32()), "product": pa.array([*number], pa.string())}),
        folder / PRODUCTS,
    )
    about = {
        "made_at": now.astimezone(UTC).isoformat(), "time_zone": str(zone), "rows": rows,
        "weight": f"exp(-days since / {als.FADE_DAYS:g})", "implicitPrefs": True, "alpha": ALS_WEIGHT,
        "rank": als.FACTORS, "maxIter": als.ITERATIONS,
    }  # fmt: skip
    (folder / ABOUT).write_text(json.dumps(about, indent=1))
    return rows, months, len(number)


def _months(session: Session, now: datetime, zone: tzinfo) -> Iterator[tuple[str, list[Row]]]:
    query = (
        select(SeenOrder.customer_id, SeenOrderLine.product, SeenOrder.placed_at)
        .join(SeenOrderLine, SeenOrderLine.order_id == SeenOrder.id)
        .where(SeenOrder.placed_at <= now)
        .order_by(SeenOrder.placed_at, SeenOrder.id)
    )
    streamed = session.connection().execute(query, execution_options={"yield_per": FETCH})
    rows: Iterator[Row] = ((row[0], row[1], row[2]) for part in streamed.partitions() for row in part)
    for month, lines in groupby(rows, key=lambda row: f"{row[2].astimezone(zone):%Y-%m}"):
        yield month, list(lines)


def _days(lines: Sequence[Row], number: dict[str, int], zone: tzinfo) -> tuple[Ints, Ints, Ints]:
    """Each (customer, product, day) once: customer, product's number, day's ordinal. New products get numbers."""
    customer = np.array([line[0] for line in lines], np.int64)
    if customer.max(initial=0) > LARGEST:
        raise NotExported(
            f"Customer {customer.max()} has too large a number: Spark's ALS takes numbers up to {LARGEST:,}."
        )
    product = np.array([number.setdefault(line[1], len(number)) for line in lines], np.int64)
    day = np.array([line[2].astimezone(zone).toordinal() for line in lines], np.int64)
    first = int(day.min())
    span, width = int(day.max()) - first + 1, max(len(number), 1)
    keys = np.unique((customer * width + product) * span + (day - first))
    pair, day = keys // span, keys % span + first
    return (pair // width).astype(np.int32), (pair % width).astype(np.int32), day.astype(np.int32)
