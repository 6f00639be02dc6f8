"""Sending: the way out that is configured, and what the sender is given besides it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mailer.sender import Desk, SendReport, Stream, send_due
from mailer.smtp import SmtpTransport
from mailer.transports import FolderTransport, MemoryTransport, Transport

from .flow_shop import budget_of
from .installation import Installation
from .mail_writer import mail_writer

AT_MOST = {Stream.TRANSACTIONAL: 500, Stream.MARKETING: 20_000}
"""E-mails of one run of the job; the next run follows within seconds."""


def make_transport(config: Mapping[str, Any], root: Path) -> Transport:
    """The configured way out; `root` is where a relative ECRM_MAIL_FOLDER starts.

    Raises:
        ValueError: for an unknown ECRM_MAIL_TRANSPORT or ECRM_SMTP_SECURITY, or a port that is no number.
    """
    match config["ECRM_MAIL_TRANSPORT"]:
        case "folder":
            return FolderTransport(root / config["ECRM_MAIL_FOLDER"])
        case "memory":
            return MemoryTransport()
        case "smtp":
            return SmtpTransport(
                host=config["ECRM_SMTP_HOST"],
                port=int(config["ECRM_SMTP_PORT"]),
                security=config["ECRM_SMTP_SECURITY"],
                user=config["ECRM_SMTP_USER"],
                password=config["ECRM_SMTP_PASSWORD"],
                connections=max(1, config["ECRM_SMTP_CONNECTIONS"]),
                most=max(1, config["ECRM_SMTP_EMAILS_PER_CONNECTION"]),
            )
        case unknown:
            raise ValueError(f"ECRM_MAIL_TRANSPORT must be folder, smtp or memory, not {unknown!r}")


def make_desk(crm: Installation) -> Desk:
    """Who writes, who decides about marketing, who signs."""
    return Desk(
        writer=mail_writer(crm), admit=budget_of(crm).admit, return_path=crm.app.config["ECRM_MAIL_RETURN_PATH"]
    )


def send(crm: Installation, stream: Stream) -> SendReport:
    """What is due of a stream, to the transport."""
    desk = make_desk(crm)
    if stream is Stream.MARKETING and desk.writer is None:
        return SendReport()  # nobody is there to write it yet: it waits
    return send_due(
        crm.sessions, crm.transport, clock=lambda: datetime.now(UTC), limit=AT_MOST[stream], stream=stream, desk=desk
    )
