"""Reading: files of steps become a table `steps` in the column engine, with everything that texts say worked out.

A step is told as `ingest` is told one; the columns are `Sighting`'s fields. Each different text is looked at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson

from tracking.visitors import Grade

from ..archive import bounds_of
from ..bots import bot_name, is_bot
from ..day_counts import _MOST_MILLISECONDS as MOST_MILLISECONDS
from ..devices import device_of
from ..dimensions import MAX_PATH
from ..event_columns import EPOCH, _split, micros
from ..event_rows import _properties
from ..rollups import day_of
from ..search_trail import shown_products
from ..searches import folded
from ..sightings import Sighting, storable
from ..sources import origin_of
from ..timings import bucket_of
from ..visits import _TAGS, seconds_of

Engine = Any
"""A connection to the column engine."""

COLUMNS: dict[str, str] = {
    "at": "the moment, with its time zone",
    "name": "of the event, as in Segment's e-commerce spec",
    "subject": "what it is about: a path, a product's id, a search's words",
    "properties": "JSON object",
    "visitor": "the browser's token; empty where it may not be known",
    "grade": "how far it agreed: 0 nothing, 1 statistics, 2 personal",
    "customer": "the shop's id of who was signed in",
    "user_agent": "of the browser",
    "referrer": "the other site's page that led here",
    "path": "of the page on which it happened, without its query",
    "country": "two letters",
    "message_id": "of a client's message, where it had one",
}
"""What a file's columns hold; `at` and `name` must be there."""

_KINDS = {"at": "TIMESTAMP WITH TIME ZONE", "grade": "INTEGER"}
_NEEDED = ("at", "name")


class NotLoadable(Exception):
    """The files can't be loaded; the message says why, and what to do."""


def read_files(engine: Engine, files: Sequence[Path], *, zone: str, known: Callable[[date], bool]) -> tuple[date, date]:
    """Make the tables `given`, `days`, `agents`, `subjects`, `kinds` and `steps`.

    Args:
        known: whether a day is closed to histories, because steps are recorded from then on.

    Returns:
        The first and the last day, by the shop's calendar.

    Raises:
        NotLoadable: for a file without what is needed, or days that can't be loaded.
    """
    _give(engine, files)
    low, high = engine.execute("SELECT min(at_us), max(at_us) FROM given").fetchall()[0]
    if low is None:
        raise NotLoadable("There is no step in these files.")
    first, last = (day_of(EPOCH + timedelta(microseconds=at), zone) for at in (low, high))
    if known(first):
        raise NotLoadable(
            f"Steps of {first} or later are recorded already. A history can only be loaded before what is there, or "
            "behind it in the order of time; take those days out of the files."
        )
    _days(engine, first, last, zone)
    _learn(engine, "agents", "user_agent", "SELECT DISTINCT user_agent FROM given", _agent)
    _learn(engine, "subjects", "subject", "SELECT DISTINCT subject FROM given", _subject)
    kinds = "SELECT DISTINCT properties, referrer, said_path FROM given"
    _learn(engine, "kinds", ("properties", "referrer", "said_path"), kinds, _kind)
    engine.execute(_STEPS)
    return first, last


def _give(engine: Engine, files: Sequence[Path]) -> None:
    import duckdb  # imported here: opening a shop doesn't need it

    named = [str(file) for file in files]
    try:
        there = {
            name: kind
            for name, kind, *_ in engine.execute(
                "DESCRIBE SELECT * FROM read_parquet($files)", {"files": named}
            ).fetchall()
        }
        if missing := [name for name in _NEEDED if name not in there]:
            raise NotLoadable(
                f"The files have no column {' and '.join(missing)}; see `flask ecrm import-steps --help`."
            )
        for name, kind in _KINDS.items():
            if name in there and not _fits(there[name], kind):
                raise NotLoadable(f"The column {name} is {there[name]}; it has to be {kind}.")
        chosen = {name: _expression(name) if name in there else _NOTHING.get(name, "''") for name in COLUMNS}
        columns = ", ".join(f"{expression} AS {name}" for name, expression in chosen.items() if name != "at")
        engine.execute(
            f"""CREATE TABLE given AS
            SELECT *, path <> '' AND path <> subject AS said_path
            FROM (SELECT epoch_us("at") AS at_us, {columns}, filename, file_row_number
                FROM read_parquet($files, filename = true, file_row_number = true))""",  # noqa: S608 (expressions are ours)
            {"files": named},
        )
    except (duckdb.IOException, duckdb.InvalidInputException, duckdb.ConversionException) as error:
        raise NotLoadable(f"The files can't be read as Parquet of steps: {error}") from error
    engine.execute(_REPEATED)
    wrong = engine.execute(
        "SELECT count(*) FILTER (at_us IS NULL), count(*) FILTER (name = ''), count(*) FILTER (grade NOT IN (0, 1, 2)) "
        "FROM given"
    ).fetchall()[0]
    for rows, what in zip(wrong, ("no moment", "no name", "another grade than 0, 1 and 2"), strict=True):
        if rows:
            raise NotLoadable(f"{rows} steps have {what}.")


_REPEATED = """DELETE FROM given WHERE rowid IN (
    SELECT rowid FROM given WHERE message_id IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY message_id ORDER BY at_us, filename, file_row_number) > 1)"""
_NOTHING = {"grade": "0", "properties": "'{}'", "message_id": "NULL"}


def _fits(kind: str, wanted: str) -> bool:
    return "INT" in kind if wanted == "INTEGER" else kind == wanted


def _expression(name: str) -> str:
    if name == "grade":
        return "coalesce(grade, 0)"
    if name == "message_id":
        return "nullif(replace(message_id, chr(0), '')[1:100], '')"
    if name == "properties":
        return "coalesce(nullif(properties, ''), '{}')"
    if name in ("subject", "referrer", "user_agent"):  # read by Python, which knows what can't be stored
        return f"coalesce({name}, '')"
    return f"replace(coalesce({name}, ''), chr(0), '')"


def _days(engine: Engine, first: date, last: date, zone: str) -> None:
    import pyarrow as pa  # imported here: opening a shop doesn't need it

    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    starts = [micros(bounds_of(day, zone)[0]) for day in days]
    table = pa.table({"from_us": starts, "day": pa.array(days, pa.date32())})
    engine.register("days_given", table)
    engine.execute("CREATE TABLE days AS SELECT * FROM days_given")


def _learn(
    engine: Engine, table: str, keys: str | tuple[str, ...], query: str, learn: Callable[..., dict[str, Any]]
) -> None:
    """Make a table of what `learn` says of each row of a query."""
    import pyarrow as pa  # imported here: opening a shop doesn't need it

    names = (keys,) if isinstance(keys, str) else keys
    schema = pa.schema([
        *((name, pa.bool_() if name == "said_path" else pa.string()) for name in names),
        *((name, getattr(pa, kind)() if isinstance(kind, str) else pa.list_(pa.string()))
          for name, kind in _LEARNT[table].items()),
    ])  # fmt: skip
    cursor = engine.cursor()
    cursor.execute(query)
    parts = []
    while rows := cursor.fetchmany(50_000):
        columns = [list(column) for column in zip(*rows, strict=True)]
        learnt = [learn(*row) for row in rows]
        columns += [[one[name] for one in learnt] for name in _LEARNT[table]]
        arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
        parts.append(pa.RecordBatch.from_arrays(arrays, schema=schema))
    engine.register(f"{table}_learnt", pa.Table.from_batches(parts, schema=schema))
    engine.execute(f"CREATE TABLE {table} AS SELECT (row_number() OVER ())::INTEGER AS number, * FROM {table}_learnt")  # noqa: S608
    engine.unregister(f"{table}_learnt")


_LEARNT: dict[str, dict[str, Any]] = {
    "agents": {"bot": "bool_", "bot_name": "string", "device": "string"},
    "subjects": {"stored": "string", "page": "string", "product": "string", "term": "string"},
    "kinds": {
        "rest": "string", "own_path": "string", "takes_path": "bool_", "milliseconds": "int32", "status": "int16",
        "bucket": "int32", "seconds": "int32", "first_page": "bool_", "zero_results": "bool_", "shown": list,
        "tags": "bool_", "tagged": "bool_", "origin": "string", "stored_referrer": "string",
    },
}  # fmt: skip


def _agent(user_agent: str) -> dict[str, Any]:
    bot = is_bot(user_agent)
    return {"bot": bot, "bot_name": bot_name(user_agent) if bot else "", "device": device_of(user_agent)}


def _subject(subject: str) -> dict[str, Any]:
    kept = storable(subject)
    return {"stored": kept[:200], "page": kept[:MAX_PATH], "product": kept[:64], "term": folded(kept)}


def _kind(properties: str, referrer: str, said_path: bool) -> dict[str, Any]:
    """What `ingest`, `visits` and `day_counts` read from a step's properties and referrer."""
    read = _object(properties)
    step = Sighting(EPOCH, "", "", read, referrer=referrer, path="/" if said_path else "", grade=Grade.NONE)
    path, milliseconds, status, rest = _split(_properties(step))
    taken = read.get("milliseconds")
    origin = origin_of(read, referrer)
    return {
        "rest": rest,
        "own_path": path if "path" in read else None,
        "takes_path": said_path and "path" not in read,
        "milliseconds": milliseconds,
        "status": status,
        "bucket": bucket_of(taken) if type(taken) is int and 0 <= taken <= MOST_MILLISECONDS else None,
        "seconds": seconds_of(step),
        "first_page": read.get("first_position", 1) == 1,
        "zero_results": read.get("results") == 0,
        "shown": shown_products(read),
        "tags": not _TAGS.isdisjoint(read),
        "tagged": origin.tagged,
        "origin": orjson.dumps(tuple(origin)).decode(),
        "stored_referrer": storable(referrer)[:MAX_PATH],
    }


def _object(text: str) -> dict[str, Any]:
    try:
        read = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise NotLoadable(f"Properties have to be a JSON object; {text[:80]!r} isn't: {error}") from error
    if not isinstance(read, dict):
        raise NotLoadable(f"Properties have to be a JSON object; {text[:80]!r} isn't.")
    return read


def origins(engine: Engine) -> Iterable[tuple[str, ...]]:
    """The different origins of the steps, as tuples."""
    for (text,) in engine.execute("SELECT DISTINCT origin FROM kinds").fetchall():
        yield tuple(orjson.loads(text))


# Sorted when texts are numbers already; a window over sorted rows counts them as they come.
_STEPS = """
CREATE TABLE steps AS SELECT row_number() OVER () AS seq, * FROM (
SELECT at_us, days.day, name[1:60] AS name, s.number AS subject, k.number AS kind, a.number AS agent, bot,
    message_id, CASE WHEN grade >= 1 THEN nullif(visitor[1:64], '') END AS token,
    CASE WHEN grade = 2 THEN nullif(customer, '') END AS customer, grade, path, country,
    name <> 'Products Searched' OR first_page AS counts
FROM given g
ASOF JOIN days ON g.at_us >= days.from_us
JOIN subjects s ON s.subject = g.subject
JOIN agents a ON a.user_agent = g.user_agent
JOIN kinds k ON k.properties = g.properties AND k.referrer = g.referrer AND k.said_path = g.said_path
ORDER BY at_us, filename, file_row_number);
DROP TABLE given;
"""
