"""Tables that the database and the column engine hand each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .reading import Engine


def register(engine: Engine, name: str, columns: Mapping[str, Sequence[Any]], kinds: Mapping[str, str]) -> None:
    """Make a table of the column engine; `kinds` as pyarrow calls its types."""
    import pyarrow as pa  # imported here: opening a shop doesn't need it

    arrow = pa.table({column: pa.array(values, getattr(pa, kinds[column])()) for column, values in columns.items()})
    engine.register(f"{name}_given", arrow)
    engine.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM {name}_given")  # noqa: S608
    engine.unregister(f"{name}_given")
