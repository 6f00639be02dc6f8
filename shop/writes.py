"""Writes that decide races in the database: insert under a unique key, change under a condition. Never look first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import CursorResult, Delete, Update, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from .database import Base


def insert_for(session: Session, model: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that understands ON CONFLICT in this session's database."""
    dialect = session.get_bind().dialect.name
    return postgresql.insert(model) if dialect == "postgresql" else sqlite.insert(model)


def insert_or_ignore(session: Session, model: type[Base], values: Mapping[str, Any]) -> int | None:
    """Insert a row unless one of its unique keys is taken.

    Returns:
        The new row's id, or None where a key was taken (nothing is changed then). On PostgreSQL a rival that has
        not committed yet is waited for, so that None always means a row that can be read now.
    """
    key = inspect(model).primary_key[0]
    statement = insert_for(session, model).values(dict(values)).on_conflict_do_nothing().returning(key)
    new_id: int | None = session.execute(statement).scalar_one_or_none()
    return new_id


def rows_changed(session: Session, statement: Update | Delete) -> int:
    """Run a conditional change and say how many rows met its condition. Objects in the session aren't refreshed."""
    result = session.execute(statement, execution_options={"synchronize_session": False})
    return cast("CursorResult[Any]", result).rowcount
