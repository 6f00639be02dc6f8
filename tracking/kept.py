"""Kept: a statement that is compiled once for each database, and then sent as it is.

SQLAlchemy's own execution of a statement that is built once costs 60 to 100 µs beside what the database does: looking
it up in the cache, filling in its constants, wrapping each row. A page that asks forty of them spends more on this than
on their answers. Use it where a person waits for many small answers; elsewhere the usual way is short enough.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Select

_NAMED: Any = namedtuple
Maker = Callable[[Any], Any]


@dataclass(frozen=True)
class _Written:
    """The words for one database. `fixed`: the values of its constants; `named`: what is bound, with its conversion;
    `places`: the order of both where the driver counts them."""

    words: str
    fixed: dict[str, Any]
    named: dict[str, Maker | None]
    places: tuple[str, ...] | None
    converted: tuple[tuple[int, Maker], ...]


class Kept:
    """A SELECT whose `bindparam`s without a value are bound at each call; none may be an expanding one."""

    def __init__(self, statement: Select[Any], *, names: Sequence[str] | None = None) -> None:
        """Give `names` where the columns' own aren't fit for attributes, or are the same twice."""
        self.statement = statement
        self._columns = list(statement.selected_columns)
        self._row = _NAMED("Row", names or [str(column.key) for column in self._columns], rename=True)
        self._written: dict[str, _Written] = {}

    def tuples(self, connection: Connection, **values: Any) -> list[Sequence[Any]]:
        """Every row as the driver gives it, with its columns' types applied."""
        written = self._written.get(connection.dialect.name)
        if written is None:
            written = self._written[connection.dialect.name] = self._write(connection.dialect)
        bound = dict(written.fixed)
        for name, convert in written.named.items():
            bound[name] = convert(values[name]) if convert else values[name]
        given = bound if written.places is None else tuple([bound[name] for name in written.places])
        answer = connection.exec_driver_sql(written.words, given)
        rows = list(answer.cursor.fetchall())  # the driver's own: wrapping them is half of the cost
        answer.close()
        if not written.converted:
            return rows
        found: list[Sequence[Any]] = []
        for row in rows:
            cells = list(row)
            for place, convert in written.converted:
                if cells[place] is not None:
                    cells[place] = convert(cells[place])
            found.append(cells)
        return found

    def rows(self, connection: Connection, **values: Any) -> list[Any]:
        """The same as named tuples."""
        make = self._row._make
        return [make(row) for row in self.tuples(connection, **values)]

    def _write(self, dialect: Dialect) -> _Written:
        compiled = self.statement.compile(dialect=dialect)
        fixed: dict[str, Any] = {}
        named: dict[str, Maker | None] = {}
        for name, parameter in compiled.binds.items():
            convert = parameter.type.dialect_impl(dialect).bind_processor(dialect)
            if parameter.required:
                named[name] = convert
            else:
                value = parameter.effective_value
                fixed[name] = convert(value) if convert else value
        converted = []
        for place, column in enumerate(self._columns):
            convert = column.type.dialect_impl(dialect).result_processor(dialect, None)
            if convert is not None:
                converted.append((place, convert))
        places = None if compiled.positiontup is None else tuple(compiled.positiontup)
        return _Written(str(compiled), fixed, named, places, tuple(converted))
