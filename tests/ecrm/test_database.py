"""The CRM's own engine is set up as the data rules and the pages demand."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from ecrm.database import connect


def test_postgresql_compiles_no_question_of_a_page(session: Session) -> None:
    bound = session.get_bind()
    assert isinstance(bound, Engine)
    if bound.dialect.name != "postgresql":
        pytest.skip("SQLite compiles none")
    engine = connect(bound.url.render_as_string(hide_password=False))
    with engine.connect() as connection:
        assert connection.scalar(text("SHOW jit")) == "off"
    engine.dispose()
