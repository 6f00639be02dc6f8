"""The one statement behind a page of the timeline: the newest ids of every source over its index, merged, and beside
each the columns that its line shows.

What the rows hold is read for those that are shown alone, by their ids: each source's table is joined by
`CASE WHEN source = n THEN id END`, which is NULL, and reads nothing, for the rows of all others. So a page is one round
trip, and costs what it shows, however long the history is.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import FromClause, Select, Subquery, and_, bindparam, case, literal_column, or_, select, union_all
from sqlalchemy.sql.util import ClauseAdapter

from tracking.kept import Kept
from tracking.record import BigId, UtcDateTime

from .timeline_sources import SOURCES, Asked, Source

_NAMED: Any = namedtuple


@dataclass(frozen=True)
class Statement:
    """Binds `customer`, `limit` and, below a cursor, its `at`, `source` and `id`. A row begins with source, id and
    moment, and stands in no order: sorting thirty wide rows again costs a database more than it costs us. `records`
    makes a source's record of it: a named tuple of its id and what it shows."""

    kept: Kept
    records: dict[int, Callable[[Any], Any]]


@lru_cache(maxsize=500)
def page_of(wanted: tuple[int, ...], asked: Asked, below: bool) -> Statement:
    """The statement for these sources; built once, as building costs more than asking."""
    newest = heads(wanted, asked, below).subquery("newest")
    joined: FromClause = newest
    columns: list[Any] = [newest.c.source, newest.c.id, newest.c.at]
    records = {}
    for number in wanted:
        joined, shown = _beside(joined, newest, number)
        records[number] = _maker(number, [one.key for one in shown], first=len(columns))
        columns += [one.label(f"c{number}_{place}") for place, one in enumerate(shown)]
    return Statement(Kept(select(*columns).select_from(joined)), records)


@lru_cache(maxsize=500)
def heads(wanted: tuple[int, ...], asked: Asked, below: bool) -> Select[Any]:
    """The newest (source, id, moment) over these sources."""
    branches = [branch for number in wanted for branch in _branches(number, SOURCES[number], asked, below)]
    every = union_all(*branches).subquery("every")
    newest = (every.c.at.desc(), every.c.source.desc(), every.c.id.desc())
    return select(every.c.source, every.c.id, every.c.at).order_by(*newest).limit(bindparam("limit"))


def _branches(number: int, source: Source, asked: Asked, below: bool) -> Iterable[Select[Any]]:
    for place, query in enumerate(source.heads(asked)):
        asked_for = query.where(_below(source, number)) if below else query
        head = (
            asked_for.order_by(source.moment.desc(), source.table.c.id.desc())
            .limit(bindparam("limit"))
            .subquery(f"s{number}_{place}")
        )
        yield select(literal_column(str(number)).label("source"), head.c.id, head.c.at)


def _below(source: Source, number: int) -> Any:
    """Strictly below the cursor in the order (moment, source, id); the first condition leads over the index."""
    at, id_ = bindparam("at", type_=UtcDateTime()), bindparam("id", type_=BigId)
    same = or_(
        literal_column(str(number)) < bindparam("source"),
        and_(literal_column(str(number)) == bindparam("source"), source.table.c.id < id_),
    )
    return and_(source.moment <= at, or_(source.moment < at, same))


def _beside(joined: FromClause, newest: Subquery, number: int) -> tuple[FromClause, list[Any]]:
    """The rows of one source beside the ids that are its own, and the columns that it shows."""
    source = SOURCES[number]
    row = source.table.alias(f"r{number}")
    its_own = case((newest.c.source == literal_column(str(number)), newest.c.id))
    joined = joined.outerjoin(row, row.c.id == its_own)
    shown = [row.c[name] for name in source.shows]
    if source.beside is not None:
        other = source.beside.left if source.beside.right is source.table else source.beside.right
        also = other.alias(f"b{number}")
        to_row, to_also = ClauseAdapter(row), ClauseAdapter(also)
        onclause: Any = source.beside.onclause
        joined = joined.outerjoin(also, to_also.traverse(to_row.traverse(onclause)))
        also_shown: Sequence[Any] = source.also
        shown += [to_also.traverse(one) for one in also_shown]
    return joined, shown


def _maker(number: int, names: list[str], *, first: int) -> Callable[[Any], Any]:
    kind = _NAMED(f"Row{number}", ["id", *names])
    last = first + len(names)
    return lambda row: kind(row[1], *row[first:last])
