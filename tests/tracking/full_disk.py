"""A disk without room for another event, for as long as a test wants."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event, text

_FULL = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING errcode = '53100'; END $$
"""


@contextmanager
def full_disk(engine: Engine) -> Iterator[None]:
    """No event can be written; on SQLite none that needs a page of its own."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "checkout", _no_more_pages)
        yield
        event.remove(engine, "checkout", _no_more_pages)
        engine.dispose()
        return
    with engine.begin() as connection:
        connection.execute(text(_FULL))
        connection.execute(
            text("CREATE TRIGGER full_disk BEFORE INSERT ON ecrm_event FOR EACH ROW EXECUTE FUNCTION full_disk()")
        )
    yield
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER full_disk ON ecrm_event"))


def _no_more_pages(connection: Any, _record: Any, _proxy: Any) -> None:
    connection.execute("PRAGMA max_page_count=1")  # SQLite makes as many of it as there are
