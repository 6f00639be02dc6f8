"""Messages of a case: what came in, what went out, and notes that only staff see; with what was attached."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from tracking.record import BigId, Record


class Direction(StrEnum):
    """IN: from the customer. OUT: to them. NOTE: among staff."""

    IN = "in"
    OUT = "out"
    NOTE = "note"


class Field(StrEnum):
    """By what a message names somebody: TO and COPY as in its headers, ANSWERS (Reply-To), FROM who wrote it beside the
    case's own person."""

    TO = "to"
    COPY = "cc"
    ANSWERS = "reply_to"
    FROM = "from"


class CaseMessage(Record):
    """`text` is what was said, `quoted` what stood below it and is folded away; `html` is sanitised, may be empty.

    `message_id` is the mail's own with its angle brackets; unique, so that a mail is taken once. `email_id` is the row
    of the outbox that carries an answer. `from_folded` is who wrote it, where that is known: not always the case's own
    person, as others may be in copy. `at` orders the conversation; `written_at` is what the sender's clock said, where
    that is another time. `from_workshop`: it answers our letter to a service point: never quoted to the case's person.
    """

    __tablename__ = "ecrm_case_message"
    __table_args__ = (Index(None, "case_id", "at", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("ecrm_case.id"))
    direction: Mapped[str] = mapped_column(String(4))
    channel: Mapped[str] = mapped_column(String(10))
    staff_id: Mapped[str] = mapped_column(String(64), default="")
    author_name: Mapped[str] = mapped_column(String(200), default="")
    from_folded: Mapped[str] = mapped_column(String(254), default="", index=True)
    text: Mapped[str] = mapped_column(Text)
    quoted: Mapped[str] = mapped_column(Text, default="")
    html: Mapped[str] = mapped_column(Text, default="")
    message_id: Mapped[str | None] = mapped_column(String(500), unique=True)
    in_reply_to: Mapped[str] = mapped_column(String(500), default="")
    automatic: Mapped[bool] = mapped_column(default=False)
    from_workshop: Mapped[bool] = mapped_column(default=False, server_default=false())
    at: Mapped[datetime]
    written_at: Mapped[datetime | None]
    email_id: Mapped[int | None] = mapped_column(BigInteger, index=True)


class CaseRecipient(Record):
    """Somebody whom a message names beside the case's own person and us. `email_id`: the copy of an answer that they
    were sent."""

    __tablename__ = "ecrm_case_recipient"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("ecrm_case_message.id"), index=True)
    field: Mapped[str] = mapped_column(String(8))
    address: Mapped[str] = mapped_column(String(254))
    folded: Mapped[str] = mapped_column(String(254), index=True)
    email_id: Mapped[int | None] = mapped_column(BigInteger, index=True)


class CaseAttachment(Record):
    """A file of a message; its bytes are kept once, by their digest (SHA-256, hex)."""

    __tablename__ = "ecrm_case_attachment"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("ecrm_case_message.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    content_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64), index=True)


class AttachmentContent(Record):
    """The bytes of attachments."""

    __tablename__ = "ecrm_attachment_content"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
