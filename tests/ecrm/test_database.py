"""The CRM's own engine is set up as the data rules and the pages demand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from ecrm.database import connect, sessions_on
from shop.database import db
from tracking.customers import Customer

LAST = text("SELECT query FROM pg_stat_activity WHERE pid = :pid")
PREPARED = text("SELECT count(*) FROM pg_prepared_statements")


@pytest.fixture
def postgres(session: Session) -> Iterator[Engine]:
    """An engine as a host without one gets it."""
    bound = session.get_bind()
    assert isinstance(bound, Engine)
    if bound.dialect.name != "postgresql":
        pytest.skip("it is PostgreSQL's own")
    engine = connect(bound.url.render_as_string(hide_password=False))
    yield engine
    engine.dispose()


def test_postgresql_compiles_no_question_of_a_page(postgres: Engine) -> None:
    with postgres.connect() as connection:
        assert connection.scalar(text("SHOW jit")) == "off"


def test_sessions_that_only_read_keep_the_prepared_statements(postgres: Engine) -> None:
    sessions = sessions_on(postgres)
    for _ in range(10):
        with sessions() as own:
            own.scalars(select(Customer)).all()

    with sessions() as own:
        assert own.scalar(PREPARED) >= 1


@pytest.mark.parametrize(
    "writing",
    [
        "INSERT INTO kept VALUES (1)",
        "WITH made AS (INSERT INTO kept VALUES (1) RETURNING id) SELECT id FROM made",
        "SAVEPOINT here; INSERT INTO kept VALUES (1); RELEASE here",
        "CREATE TABLE made AS SELECT 1; INSERT INTO kept VALUES (1)",
    ],
    ids=["plainly", "by a question", "within a savepoint", "beside a table"],
)
def test_what_was_written_is_rolled_back(postgres: Engine, writing: str) -> None:
    with postgres.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE kept (id integer)")
    sessions = sessions_on(postgres)

    with sessions() as own:
        own.connection().exec_driver_sql(writing)

    with sessions() as own:
        assert own.execute(text("SELECT id FROM kept")).all() == []
        own.rollback()
        assert own.scalar(text("SELECT to_regclass('made')")) is None


def test_who_raises_is_told_their_own_error(postgres: Engine) -> None:
    sessions = sessions_on(postgres)
    with pytest.raises(DBAPIError, match="nowhere"), sessions() as own:
        own.execute(text("SELECT * FROM nowhere"))
    with sessions() as own:
        assert own.scalar(text("SELECT 1")) == 1


@pytest.mark.parametrize("asked", [False, True], ids=["at the end", "by a question"])
def test_a_line_that_broke_is_told_of_once_and_replaced(postgres: Engine, asked: bool) -> None:
    sessions = sessions_on(postgres)
    own, other = sessions(), sessions()
    broken = own.scalar(text("SELECT pg_backend_pid()"))
    other.execute(text("SELECT pg_terminate_backend(:broken, 5000)"), {"broken": broken})
    other.close()

    with pytest.raises(OperationalError):  # as it would with a plain ROLLBACK
        own.execute(text("SELECT 1")) if asked else own.close()
    own.close()

    with sessions() as own:
        assert own.scalar(text("SELECT pg_backend_pid()")) != broken


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "AUTOCOMMIT"])
def test_where_nothing_is_open_nothing_is_sent(postgres: Engine, isolation: str) -> None:
    with postgres.connect().execution_options(isolation_level=isolation) as connection, postgres.connect() as other:
        mine = connection.scalar(text("SELECT pg_backend_pid()"))
        connection.exec_driver_sql("SELECT 'the last one'" if isolation == "AUTOCOMMIT" else "COMMIT")
        last = other.scalar(LAST, {"pid": mine})
        connection.rollback()
        assert other.scalar(LAST, {"pid": mine}) == last


def test_the_shop_keeps_them_too(app: Flask, client: FlaskClient, shop_data: dict[str, int], postgres: Engine) -> None:
    for _ in range(10):
        assert client.get(f"/p/{shop_data['espresso']}/espresso-beans").status_code == 200
    with app.app_context():
        assert db.session.scalar(PREPARED) >= 1
