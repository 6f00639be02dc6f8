"""Moving a source's days to the present by whole weeks, so that Mondays stay Mondays and hours stay hours."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any


def weeks_to_yesterday(last_day: date, *, today: date) -> int:
    """How many whole weeks bring `last_day` to yesterday or at most six days before; never past yesterday."""
    return (today - timedelta(days=1) - last_day).days // 7


def moved(wall_times: Any, *, weeks: int, time_zone: str) -> Any:
    """A pandas Series of local wall times, moved by weeks, as UTC moments.

    An hour that the clock change skips is moved forward; one that it repeats is taken as the first.
    """
    import pandas as pd  # heavy, and only the loaders need it

    local = wall_times + pd.Timedelta(days=7 * weeks)
    first = pd.Series(True, index=local.index).to_numpy()
    return local.dt.tz_localize(time_zone, ambiguous=first, nonexistent="shift_forward").dt.tz_convert("UTC")
