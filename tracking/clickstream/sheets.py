"""Sheets: the roll-ups of closed days, a blob of columns each, so that a year's sum is a few reads and one addition.

A roll-up's table holds what is new since its sheets were written; a report's figure is the sum of both. Closing a day
moves its rows into the sheet within one transaction, so the sum never changes by it.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from tracking.record import Record


class Sheet(Record):
    """The closed part of a roll-up. `grain` is `day` or `month` (`first` is then the month's first day)."""

    __tablename__ = "ecrm_sheet"

    family: Mapped[str] = mapped_column(String(30), primary_key=True)
    grain: Mapped[str] = mapped_column(String(5), primary_key=True)
    first: Mapped[date] = mapped_column(primary_key=True)
    rows: Mapped[int]
    columns: Mapped[bytes] = mapped_column(LargeBinary)
