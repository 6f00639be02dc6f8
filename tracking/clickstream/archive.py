"""Archive: the steps of closed days as immutable Parquet files, one folder a day of the shop's calendar."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from tracking.record import BigId, Record


class ArchivedPart(Record):
    """A file of the archive. A file that isn't named here doesn't count, whatever a crash has left in the folder."""

    __tablename__ = "ecrm_archived_part"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    day: Mapped[date] = mapped_column(index=True)
    file: Mapped[str] = mapped_column(String(100), unique=True)
    first_id: Mapped[int] = mapped_column(BigInteger)
    last_id: Mapped[int] = mapped_column(BigInteger)
    rows: Mapped[int]
    size: Mapped[int] = mapped_column(BigInteger)  # bytes
    written_at: Mapped[datetime]
