"""The sending server: its name in the DNS, and whether it speaks TLS with a certificate that holds."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

from .findings import Finding, Grade, NoAnswer, Resolver

_SOON = timedelta(days=14)


def names(resolver: Resolver, senders: Sequence[str]) -> Iterator[Finding]:
    """Whether each sending address has a name that leads back to it (RFC 1912 2.1); many servers refuse others."""
    public = [one for one in senders if ip_address(one).is_global]
    if not public:
        yield Finding(
            "PTR", Grade.UNKNOWN, "No public address is known that sends.",
            "Name the one that the world sees: flask ecrm doctor mail --ip ADDRESS.",
        )  # fmt: skip
    for address in public:
        try:
            found = list(resolver.ptr(address))
            confirmed = [name for name in found if address in resolver.addresses(name)]
        except NoAnswer as error:
            yield Finding("PTR", Grade.UNKNOWN, f"The DNS didn't answer ({error}).", "Try again.")
            continue
        if confirmed:
            yield Finding("PTR", Grade.GOOD, f"{address} is {confirmed[0]}, and back.")
        elif found:
            yield Finding(
                "PTR", Grade.BAD, f"{address} is called {found[0]}, which doesn't lead back to it.",
                f"Give {found[0]} the address {address}, or have the PTR record changed.",
            )  # fmt: skip
        else:
            yield Finding(
                "PTR", Grade.BAD, f"{address} has no name.",
                "Ask whoever gave you the address (your hosting provider) for a PTR record.",
            )  # fmt: skip


def encryption(
    host: str, port: int, security: str, *, now: datetime, tls: ssl.SSLContext | None = None, patience: float = 6.0
) -> Finding:
    """Whether e-mails leave for the mail server encrypted, under a certificate that is its own.

    Args:
        security: `none`, `starttls` or `tls`, as it is configured.
        tls: who is trusted; the machine's own list by default.
    """
    context = tls or ssl.create_default_context()
    try:
        if security == "tls":
            with smtplib.SMTP_SSL(host, port, timeout=patience, context=context) as server:
                return _certificate(host, server, now)
        with smtplib.SMTP(host, port, timeout=patience) as server:
            server.ehlo()
            if not server.has_extn("starttls"):
                return _plain(host, security)
            server.starttls(context=context)
            if security == "none":
                return _plain(host, security, could=True)
            return _certificate(host, server, now)
    except ssl.SSLCertVerificationError as error:
        return Finding(
            "TLS", Grade.BAD, f"The certificate of {host} doesn't hold: {error.verify_message}.",
            "Renew it, or set ECRM_SMTP_HOST to the name that stands in it.",
        )  # fmt: skip
    except (OSError, smtplib.SMTPException) as error:
        return Finding(
            "TLS", Grade.BAD, f"{host}:{port} can't be spoken to: {error}.",
            "Look at ECRM_SMTP_HOST, ECRM_SMTP_PORT and ECRM_SMTP_SECURITY, and whether a firewall is in the way.",
        )  # fmt: skip


def _plain(host: str, security: str, *, could: bool = False) -> Finding:
    if host in {"localhost", "127.0.0.1", "::1"}:
        return Finding("TLS", Grade.GOOD, f"{host} is this machine; nothing passes a network.")
    if could:
        return Finding(
            "TLS", Grade.BAD, f"{host} offers STARTTLS, and it isn't used.", "Set ECRM_SMTP_SECURITY to starttls."
        )
    fix = "Use a server that offers it, or port 465 with ECRM_SMTP_SECURITY=tls."
    return Finding("TLS", Grade.BAD, f"{host} doesn't offer STARTTLS (ECRM_SMTP_SECURITY={security}).", fix)


def _certificate(host: str, server: Any, now: datetime) -> Finding:
    certificate = server.sock.getpeercert()
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
    if ends - now < _SOON:
        return Finding("TLS", Grade.WARN, f"The certificate of {host} ends on {ends:%Y-%m-%d}.", "Renew it before.")
    return Finding(
        "TLS", Grade.GOOD, f"{server.sock.version()}, the certificate of {host} holds until {ends:%Y-%m-%d}."
    )
