"""The CRM's e-mails about orders: which template, what it is told, to whom; and the way out that is configured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mailer.transports import FolderTransport, MemoryTransport, SmtpTransport, Transport


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
            )
        case unknown:
            raise ValueError(f"ECRM_MAIL_TRANSPORT must be folder, smtp or memory, not {unknown!r}")
