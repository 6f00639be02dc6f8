"""The CRM's own engine is set up as the data rules and the pages demand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from ecrm.database import connect, sessions_on
from tracking.customers import Customer

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


def test_a_line_that_broke_is_told_of_and_replaced(postgres: Engine) -> None:
    sessions = sessions_on(postgres)
    own, other = sessions(), sessions()
    broken = own.scalar(text("SELECT pg_backend_pid()"))
    other.execute(text("SELECT pg_terminate_backend(:broken, 5000)"), {"broken": broken})
    other.close()

    with pytest.raises(OperationalError):  # as it would with a plain ROLLBACK
        own.close()

    with sessions() as own:
        assert own.scalar(text("SELECT pg_backend_pid()")) != broken
