"""Bringing the CRM's tables up to date: Alembic's history `ecrm`, with a version table of its own."""

from __future__ import annotations

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from .paths import MIGRATIONS
from .tables import METADATA

VERSION_TABLE = "ecrm_version"


def upgrade(engine: Engine) -> None:
    """Create or update the CRM's tables; all of it or, after a crash, nothing (SQLite and PostgreSQL roll DDL back)."""
    with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            # Python's driver begins a transaction before INSERT, UPDATE and DELETE only: without this, every
            # CREATE TABLE would be committed by itself, and a crash would leave half of them.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        command.upgrade(_config(connection), "head")


def is_current(connection: Connection) -> bool:
    """Whether the database has the tables that this version needs."""
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    return context.get_current_heads() == tuple(ScriptDirectory.from_config(_config(connection)).get_heads())


def differences(connection: Connection) -> list[object]:
    """What autogenerate would still change; empty when models and migrations agree."""
    context = MigrationContext.configure(
        connection,
        opts={
            "version_table": VERSION_TABLE,
            "compare_type": True,
            "include_name": lambda name, kind, _parents: kind != "table" or name in METADATA.tables,
        },
    )
    return list(compare_metadata(context, METADATA))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("version_locations", str(MIGRATIONS / "ecrm" / "versions"))
    config.set_main_option("path_separator", "os")
    config.attributes.update(connection=connection, metadata=METADATA, version_table=VERSION_TABLE)
    return config
