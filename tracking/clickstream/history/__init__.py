"""A history of steps: a shop's clickstream of past days, from Parquet files straight into archive, sheets and visits.

What `ingest` would have made of the same steps, told in the order of time, at a tenth of its cost: the steps are sorted
into visits by the column engine, what is said often (properties, user agents, subjects) is read once for each different
text by the functions that `ingest` uses, and the figures of a day go into its sheet without ever being rows.
"""

from __future__ import annotations

from .loading import LoadReport as LoadReport
from .loading import load_steps as load_steps
from .reading import COLUMNS as COLUMNS
from .reading import NotLoadable as NotLoadable
