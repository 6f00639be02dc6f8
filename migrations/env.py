"""Alembic's environment for both histories (shop, ecrm): each has its own version table and sees only its own tables.

Called by `ecrm.migrating` and `shop.migrating` with a connection and the metadata in `config.attributes`.
"""

from __future__ import annotations

from typing import Any, Literal

from alembic import context


def render_item(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:
    """Write our UTC columns as plain SQLAlchemy, so that old migrations never import the application."""
    if kind == "type" and type(item).__name__ == "UtcDateTime":
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    """Migrate on the given connection, in the caller's transaction."""
    attributes = context.config.attributes
    own = attributes["metadata"].tables

    def include_name(name: str | None, kind: str, parents: Any) -> bool:
        if kind == "table":
            return name in own
        # indexes that a dialect's full-text search needs beside the models are made by hand
        return not (kind == "index" and str(name).startswith("fts_"))

    context.configure(
        connection=attributes["connection"],
        target_metadata=attributes["metadata"],
        version_table=attributes["version_table"],
        include_name=include_name,
        render_item=render_item,
        render_as_batch=attributes["connection"].dialect.name == "sqlite",
        compare_type=True,
        # SQLite rolls DDL back, too, once its transaction was begun (see `upgrade` in both `migrating` modules)
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
