"""What `make check` holds, also in the suite: file sizes; and migrations that agree with the models."""

from __future__ import annotations

from sqlalchemy import Engine

import ecrm.migrating
import shop.migrating
from tests.architecture import file_sizes


def test_no_file_is_long_without_a_reason() -> None:
    assert file_sizes.complaints() == []


def test_models_and_migrations_agree(engine: Engine) -> None:
    with engine.connect() as connection:
        assert shop.migrating.differences(connection) == []
        assert ecrm.migrating.differences(connection) == []
        assert shop.migrating.is_current(connection)
        assert ecrm.migrating.is_current(connection)


def test_no_index_or_column_of_the_crm_refers_to_a_table_of_the_shop() -> None:
    for table in ecrm.migrating.METADATA.tables.values():
        assert table.name.startswith("ecrm_")
        assert all(key.column.table.name.startswith("ecrm_") for key in table.foreign_keys), table.name
