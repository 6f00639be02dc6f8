"""An upgrade happens as a whole or not at all, and stays what it was: it imports nothing of the application."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, inspect

import ecrm.migrating
import shop.migrating
from shop.database import engine_options
from tests.conftest import DATABASE

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


class Died(BaseException):
    """The process came to its end."""


@pytest.fixture
def empty(database_url: str, tmp_path: Path) -> Iterator[Engine]:
    """A database without a table."""
    url = database_url if DATABASE == "postgresql" else f"sqlite:///{tmp_path / 'empty.db'}"
    engine = create_engine(url, **engine_options(url))
    if DATABASE == "postgresql":
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
    yield engine
    engine.dispose()


@pytest.mark.parametrize("module", [shop.migrating, ecrm.migrating], ids=["shop", "ecrm"])
@pytest.mark.parametrize("last", [4, 9, 20, -3, -1])
def test_an_upgrade_that_dies_half_way_leaves_nothing_and_is_simply_run_again(
    empty: Engine, module: Any, last: int
) -> None:
    count, limit = 0, last if last > 0 else _statements(empty, module) + last

    def die(*_: object) -> None:
        nonlocal count
        count += 1
        if count > limit:
            raise Died

    event.listen(empty, "before_cursor_execute", die)
    with pytest.raises(Died):
        module.upgrade(empty)
    event.remove(empty, "before_cursor_execute", die)
    assert inspect(empty).get_table_names() == []
    module.upgrade(empty)
    with empty.connect() as connection:
        assert module.is_current(connection)


def test_a_migration_imports_nothing_of_the_application() -> None:
    packages = ("ecrm", "mailer", "recommender", "shop", "tracking")
    importing = [
        (path.name, line)
        for path in MIGRATIONS.glob("*/versions/*.py")
        for line in path.read_text().splitlines()
        if line.strip().startswith(("import ", "from ")) and line.split()[1].split(".")[0] in packages
    ]
    assert importing == []


def _statements(engine: Engine, module: Any) -> int:
    """How many statements a whole upgrade takes; undone again."""
    count = 0

    class Undone(BaseException):
        pass

    def add(*_: object) -> None:
        nonlocal count
        count += 1

    def undo(_connection: object) -> None:
        raise Undone

    event.listen(engine, "before_cursor_execute", add)
    event.listen(engine, "commit", undo)
    with pytest.raises(Undone):
        module.upgrade(engine)
    event.remove(engine, "before_cursor_execute", add)
    event.remove(engine, "commit", undo)
    assert inspect(engine).get_table_names() == []
    return count
