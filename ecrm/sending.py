"""Sending: the way out that is configured, and what the sender is given besides it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mailer.dkim import Signer, read_key
from mailer.rates import read_rates
from mailer.sender import Desk, SendReport, Stream, send_due
from mailer.smtp import SmtpTransport
from mailer.transports import FolderTransport, MemoryTransport, Transport
from tracking.email_address import ascii_domain

from .flow_shop import budget_of
from .installation import Installation
from .mail_writer import mail_writer
from .service.replying import files_of

AT_MOST = {Stream.TRANSACTIONAL: 500, Stream.MARKETING: 20_000}
"""E-mails of one run of the job; the next run follows within seconds."""


def make_transport(config: Mapping[str, Any], root: Path) -> Transport:
    """The configured way out; `root` is where a relative ECRM_MAIL_FOLDER starts.

    Raises:
        ValueError: for an unknown ECRM_MAIL_TRANSPORT or ECRM_SMTP_SECURITY, a port that is no number, or a rate that
            can't be read.
    """
    read_rates(config.get("ECRM_MAIL_RATES", ()))  # said when the shop starts, not at its first e-mail
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


def make_signer(config: Mapping[str, Any], root: Path) -> Signer | None:
    """Signs with the keys of ECRM_DKIM_KEYS; None where there is no ECRM_DKIM_DOMAIN.

    Raises:
        ValueError: for a key that can't be used, a domain without a key, or keys without a domain.
    """
    domain, written = config["ECRM_DKIM_DOMAIN"], config["ECRM_DKIM_KEYS"]
    if bool(domain) != bool(written):
        raise ValueError("ECRM_DKIM_DOMAIN and ECRM_DKIM_KEYS are set together or not at all")
    if not domain:
        return None
    keys = []
    for one in written:
        selector, equals, file = one.partition("=")
        if not equals:
            raise ValueError(f"ECRM_DKIM_KEYS: {one!r} is no key; write selector=file.pem")
        keys.append(read_key(selector.strip(), root / file.strip()))
    return Signer(ascii_domain(domain), keys)


def make_desk(crm: Installation) -> Desk:
    """Who writes, who decides about marketing, who signs, how fast it goes."""
    config = crm.app.config
    return Desk(
        writer=mail_writer(crm),
        admit=budget_of(crm).admit,
        sign=crm.signer,
        files=files_of(crm.sessions),
        rates=read_rates(config["ECRM_MAIL_RATES"]),
        return_path=config["ECRM_MAIL_RETURN_PATH"],
        stopping=crm.stopping.is_set,
    )


def send(crm: Installation, stream: Stream) -> SendReport:
    """What is due of a stream, to the transport."""
    return send_due(
        crm.sessions, crm.transport,
        clock=lambda: datetime.now(UTC), limit=AT_MOST[stream], stream=stream, desk=make_desk(crm),
    )  # fmt: skip
