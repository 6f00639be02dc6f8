"""Reading anybody's click log: CSV, TSV or Parquet with columns for the visit, the product and the moment.

Columns are found by the names in common use (RecSys Challenge 2015, Diginetica, Retailrocket, OTTO, …); moments may be
seconds, milliseconds, micro- or nanoseconds since 1970, or dates in ISO 8601.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..candidates.session_fitting import ClickLog

NAMES = {
    "visit": ("session", "sessionid", "visit", "visitid", "user", "userid", "visitor", "visitorid", "customer",
              "customerid", "client", "clientid"),
    "product": ("item", "itemid", "product", "productid", "sku", "skuid", "article", "articleid", "aid", "stockcode"),
    "moment": ("timestamp", "time", "ts", "datetime", "date", "eventtime", "eventdate", "at",
               "createdat", "happenedat", "timeframe"),
}  # fmt: skip
"""The first of these that the file has, in this order; compared without case, spaces, `_`, `-` and `.`."""
UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3), (0.0, 1.0))
"""(from, divisor): a number so large counts nano-, micro- or milliseconds since 1970; seconds reach 1e11 in 5138."""
PAUSE = 1_800.0
"""Where visits are given by person and not by session, a new one begins after so many seconds of silence."""
PEOPLE = ("user", "userid", "visitor", "visitorid", "customer", "customerid", "client", "clientid")
FEWEST = 2


class BadClickLog(ValueError):
    """The file can't be read as a log of clicks; the message says what it lacks."""


def read(file: Path) -> tuple[ClickLog, int]:
    """The log, and how many products there are. Visits of a single click are left out: nothing followed.

    Raises:
        BadClickLog: no such file, another format, a missing column, a moment that is none, or no visit of two clicks.
    """
    table = _table(file)
    columns = {meaning: _column(table.column_names, meaning, file) for meaning in NAMES}
    visit, product = (_numbered(table.column(columns[meaning])) for meaning in ("visit", "product"))
    at = _seconds(table.column(columns["moment"]), columns["moment"])
    if within := _within_a_day(table.column_names, columns["moment"]):
        at = at + np.nan_to_num(_known(table.column(within))) / 1e3
    usable = (visit >= 0) & (product >= 0) & np.isfinite(at)
    visit, product, at = visit[usable], product[usable], at[usable]
    if _plain(columns["visit"]) in PEOPLE:
        visit, product, at = _by_pauses(visit, product, at)
    clicks = np.bincount(visit, minlength=1)
    several = clicks[visit] >= FEWEST
    if not several.any():
        raise BadClickLog(f"{file.name}: no visit has two clicks, so nothing can be foreseen.")
    products, number = np.unique(product[several], return_inverse=True)
    return ClickLog(visit[several].astype(np.int64), number.astype(np.int32), at[several]), len(products)


def _table(file: Path) -> Any:
    import pyarrow as pa  # imported here: other protocols don't need it
    from pyarrow import csv, parquet

    if not file.is_file():
        raise BadClickLog(f"There is no file {file}.")
    try:
        if file.suffix.lower() in (".parquet", ".pq"):
            return parquet.read_table(file)
        return csv.read_csv(
            file,
            parse_options=csv.ParseOptions(delimiter=_delimiter(file)),
            convert_options=csv.ConvertOptions(strings_can_be_null=True),
        )
    except (pa.ArrowException, UnicodeDecodeError, OSError) as error:
        raise BadClickLog(f"{file.name} can't be read as CSV, TSV or Parquet: {error}") from None


def _delimiter(file: Path) -> str:
    """What separates the names in the first line (gzip and bzip2 are unpacked as pyarrow does, by the file's name)."""
    import pyarrow as pa

    with pa.input_stream(str(file)) as stream:
        first = stream.read(4096).split(b"\n")[0].decode("utf-8", "replace")
    return max("\t;|,", key=first.count)


def _column(names: Sequence[str], meaning: str, file: Path) -> str:
    plain = {_plain(name): name for name in reversed(names)}
    for one in NAMES[meaning]:
        if one in plain:
            return plain[one]
    raise BadClickLog(
        f"{file.name} has no column for the {meaning}; it has {', '.join(names)}. "
        f"Rename one to one of: {', '.join(NAMES[meaning])}."
    )


def _within_a_day(names: Sequence[str], moment: str) -> str | None:
    """Diginetica's second column of time: milliseconds since the visit began, beside a date without an hour."""
    return next((one for one in names if _plain(one) == "timeframe" and one != moment), None)


def _plain(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum())


def _numbered(column: Any) -> NDArray[np.int64]:
    """Each distinct value's number, in the order of first sight; -1 where there is none."""
    encoded = column.combine_chunks().dictionary_encode()
    chunks = encoded.chunks if hasattr(encoded, "chunks") else [encoded]
    parts = [chunk.indices.fill_null(-1).to_numpy(zero_copy_only=False) for chunk in chunks]
    return np.concatenate([np.empty(0, np.int64), *parts]).astype(np.int64)


def _seconds(column: Any, name: str) -> NDArray[np.float64]:
    import pyarrow as pa
    from pyarrow import compute

    kind = column.type
    try:
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            column = compute.cast(column, pa.timestamp("us", tz="UTC")) if _has_zone(column) else compute.cast(
                column, pa.timestamp("us"))  # fmt: skip
            kind = column.type
        if pa.types.is_temporal(kind):
            return _known(compute.cast(compute.cast(column, pa.timestamp("us", tz=getattr(kind, "tz", None))),
                                       pa.int64())) / 1e6  # fmt: skip
        moments = _known(compute.cast(column, pa.float64()))
    except pa.ArrowException as error:
        raise BadClickLog(
            f"The column {name} holds no moments: seconds or milliseconds since 1970, or dates like "
            f"2026-11-22T17:30:00, are understood ({error})."
        ) from None
    largest = float(np.nanmax(np.abs(moments), initial=0.0))
    return moments / next(divisor for start, divisor in UNITS if largest >= start)


def _has_zone(column: Any) -> bool:
    first = next((one for one in column.slice(0, 100).to_pylist() if one), "")
    return first.endswith(("Z", "z")) or "+" in first[10:] or "-" in first[10:]


def _known(column: Any) -> NDArray[np.float64]:
    """As floats, NaN where there is none."""
    import pyarrow as pa
    from pyarrow import compute

    values = compute.cast(column, pa.float64(), safe=False).combine_chunks()
    chunks = values.chunks if hasattr(values, "chunks") else [values]
    parts = [chunk.to_numpy(zero_copy_only=False) for chunk in chunks]
    return np.concatenate([np.empty(0), *parts]).astype(np.float64)


def _by_pauses(
    person: NDArray[np.int64], product: NDArray[np.int64], at: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    order = np.lexsort((at, person))
    person, product, at = person[order], product[order], at[order]
    begins = np.append(True, (person[1:] != person[:-1]) | (np.diff(at) > PAUSE))
    return np.cumsum(begins[: len(person)]) - 1, product, at
