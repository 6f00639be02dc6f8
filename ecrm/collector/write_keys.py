"""Write keys: who may send events to the collector, and how far they are believed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from tracking.record import BigId, Record


class WriteKey(Record):
    """kind: `server` (secret; may say who a customer is) or `browser` (public; only cookies say who somebody is)."""

    __tablename__ = "ecrm_write_key"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(100), default="")
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
