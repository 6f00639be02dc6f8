"""`flask ecrm doctor mail`: everything that decides whether our e-mails are believed, and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import NamedTuple

import click
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import update
from sqlalchemy.orm import Session

from mailer.doctor import domain as sender_domain
from mailer.doctor import server
from mailer.doctor.findings import Finding, Grade, NoAnswer, Resolver
from mailer.doctor.resolving import DnsResolver, NotInstalled
from tracking.email_address import BadDomain, ascii_domain
from tracking.notes import Note, note_of
from tracking.record import insert_once

from .installation import Installation, installation

_NOTE = "mail doctor"
_MARKS = {Grade.GOOD: "ok  ", Grade.WARN: "warn", Grade.BAD: "BAD ", Grade.UNKNOWN: "?   "}


class Examined(NamedTuple):
    """When it was last looked at, and how many findings of each kind there were."""

    at: datetime
    bad: int
    warn: int


def examine(crm: Installation, *, resolver: Resolver, now: datetime, senders: Sequence[str] = ()) -> Iterator[Finding]:
    """Everything, one finding after the other.

    Args:
        senders: addresses that e-mails leave from; by default those of ECRM_SMTP_HOST.
    """
    config = crm.app.config
    sender = crm.storefront.facts().sender
    domain = _domain_of(sender)
    returns = _domain_of(config["ECRM_MAIL_RETURN_PATH"] or sender)
    smtp = config["ECRM_MAIL_TRANSPORT"] == "smtp"
    if not smtp:
        yield Finding(
            "Transport", Grade.WARN, f"E-mails go to the transport “{config['ECRM_MAIL_TRANSPORT']}”, to nobody.",
            "Set ECRM_MAIL_TRANSPORT to smtp when the shop opens.",
        )  # fmt: skip
    host = config["ECRM_SMTP_HOST"]
    senders = list(senders) or (_addresses(resolver, host) if smtp else [])
    yield from sender_domain.from_domain(resolver, domain)
    yield from sender_domain.sender_policy(resolver, returns, senders)
    yield from sender_domain.signatures(resolver, crm.signer)
    signed_by = crm.signer.domain if crm.signer else None
    yield from sender_domain.dmarc(resolver, domain, return_path=returns, signed_by=signed_by)
    yield from server.names(resolver, senders)
    if smtp:
        yield server.encryption(host, int(config["ECRM_SMTP_PORT"]), config["ECRM_SMTP_SECURITY"], now=now)
    if not crm.storefront.facts().base_url.startswith("https://"):
        yield Finding(
            "Unsubscribing", Grade.WARN, "The shop's address isn't https: mail programs show no button for one click.",
            "Serve the shop under https and say so in its base URL (RFC 8058 wants it).",
        )  # fmt: skip


def examine_and_note(
    crm: Installation, *, resolver: Resolver, now: datetime, senders: Sequence[str] = ()
) -> list[Finding]:
    """The same, and the sums are kept for the console's page System."""
    found = list(examine(crm, resolver=resolver, now=now, senders=senders))
    with crm.sessions.begin() as session:
        _keep(session, found, now)
    return found


def last_examined(session: Session) -> Examined | None:
    """What was found last; None before the first time."""
    text = note_of(session, _NOTE)
    if text is None:
        return None
    at, bad, warn = text.split("|")
    return Examined(datetime.fromisoformat(at), int(bad), int(warn))


def examine_daily(crm: Installation) -> str:
    """The job; nothing where e-mails go to nobody anyway."""
    if crm.app.config["ECRM_MAIL_TRANSPORT"] != "smtp":
        return "e-mails go to nobody"
    try:
        found = examine_and_note(crm, resolver=DnsResolver(), now=datetime.now(UTC))
    except NotInstalled as missing:
        return str(missing)
    return _sums(found)


def add_to(commands: AppGroup) -> None:
    """Add the command to `flask ecrm`."""
    commands.add_command(doctor)


@click.group("doctor")
def doctor() -> None:
    """Examine what the CRM depends on."""


@doctor.command("mail")
@click.option("--ip", "addresses", multiple=True, help="Address that e-mails leave from, as the world sees it.")
@with_appcontext
def mail(addresses: tuple[str, ...]) -> None:
    """Check From, SPF, DKIM, DMARC, PTR and TLS, and say what to fix; fails where something is bad."""
    try:
        for address in addresses:
            ip_address(address)
        resolver = DnsResolver()
    except ValueError as wrong:
        raise click.BadParameter(str(wrong)) from None
    except NotInstalled as missing:
        raise click.ClickException(str(missing)) from None
    found = examine_and_note(installation(), resolver=resolver, now=datetime.now(UTC), senders=addresses)
    for one in found:
        click.echo(f"{_MARKS[one.grade]} {one.about}: {one.says}")
        if one.fix:
            click.echo(f"       → {one.fix}")
    click.echo(_sums(found))
    if any(one.grade is Grade.BAD for one in found):
        raise SystemExit(1)


def _sums(found: Sequence[Finding]) -> str:
    counts = Counter(one.grade for one in found)
    return ", ".join(f"{counts[grade]} {grade}" for grade in Grade if counts[grade])


def _keep(session: Session, found: Sequence[Finding], now: datetime) -> None:
    counts = Counter(one.grade for one in found)
    text = f"{now.isoformat()}|{counts[Grade.BAD]}|{counts[Grade.WARN]}"
    if insert_once(session, Note, {"name": _NOTE, "text": text}) is None:
        session.execute(update(Note).where(Note.name == _NOTE).values(text=text))


def _addresses(resolver: Resolver, host: str) -> list[str]:
    try:
        return [str(ip_address(host))]
    except ValueError:
        pass
    try:
        return list(resolver.addresses(host))
    except NoAnswer:
        return []


def _domain_of(address: str) -> str:
    domain = address.rpartition("@")[2]
    try:
        return ascii_domain(domain)
    except BadDomain:
        return domain.lower()
