"""Inbox: what clients of the collector sent, committed before they are answered, and digested right afterwards."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from tracking.record import BigId, Record


class InboxEntry(Record):
    """The valid messages of one request, in the form that `digest` reads. Gone as soon as they are events."""

    __tablename__ = "ecrm_inbox"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    received_at: Mapped[datetime]
    messages: Mapped[int]
    body: Mapped[bytes] = mapped_column(LargeBinary)
