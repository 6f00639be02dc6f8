"""The sender's domain: From, SPF (RFC 7208), DKIM (RFC 6376), DMARC with its alignment (RFC 7489)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import ip_address

from mailer.dkim import Signer

from . import spf
from .findings import Finding, Grade, NoAnswer, Resolver

_RESERVED = ("example", "test", "invalid", "localhost", "example.com", "example.org", "example.net", "local")


def from_domain(resolver: Resolver, domain: str) -> Iterator[Finding]:
    """Whether the domain of the From address is one that can be answered."""
    if any(domain == one or domain.endswith(f".{one}") for one in _RESERVED):
        yield Finding(
            "From", Grade.BAD, f"{domain} is reserved for examples: nobody can answer, and many servers refuse it.",
            "Set the shop's sender to an address of a domain that is yours.",
        )  # fmt: skip
        return
    try:
        reachable = resolver.mx(domain) or resolver.addresses(domain)
    except NoAnswer as error:
        yield _unasked("From", error)
        return
    if reachable:
        yield Finding("From", Grade.GOOD, f"{domain} takes answers.")
    else:
        yield Finding(
            "From", Grade.BAD, f"{domain} has neither an MX nor an address: answers and bounces go nowhere.",
            f"Add an MX record to {domain}, or send from a domain that has one.",
        )  # fmt: skip


def sender_policy(resolver: Resolver, domain: str, senders: Sequence[str]) -> Iterator[Finding]:
    """Whether SPF lets the sending addresses send for the domain of the return path."""
    public = [one for one in senders if ip_address(one).is_global]
    try:
        record = spf.record_of(resolver, domain)
        if record is None:
            listed = " ".join(f"ip{ip_address(one).version}:{one}" for one in public) or "ip4:<your server's address>"
            yield Finding(
                "SPF", Grade.BAD, f"{domain} has no SPF record.",
                f"Add a TXT record to {domain}: v=spf1 {listed} -all",
            )  # fmt: skip
            return
        if re.search(r"(^|\s)\+?all\b", record.lower()):
            yield Finding(
                "SPF",
                Grade.BAD,
                f"{domain} lets everybody send for it ({record}).",
                "End the record with -all or ~all.",
            )
            return
        if not public:
            yield Finding(
                "SPF", Grade.UNKNOWN, f"{domain} has a record, but no public address is known that sends.",
                "Name it: flask ecrm doctor mail --ip ADDRESS.",
            )  # fmt: skip
        for address in public:
            yield _of_sender(resolver, domain, address, record)
    except spf.Broken as broken:
        yield Finding(
            "SPF", Grade.BAD, f"The record of {domain} is broken: {broken}.", "Repair it; until then it counts as none."
        )
    except NoAnswer as error:
        yield _unasked("SPF", error)


def _of_sender(resolver: Resolver, domain: str, address: str, record: str) -> Finding:
    result = spf.check(resolver, domain, address)
    if result == "pass":
        return Finding("SPF", Grade.GOOD, f"{address} may send for {domain}.")
    add = f"ip{ip_address(address).version}:{address}"
    return Finding(
        "SPF", Grade.BAD if result in {"fail", "softfail"} else Grade.WARN,
        f"{address} may not send for {domain} ({result}).",
        f"Put {add} into the record of {domain}, before its “all”: {record}",
    )  # fmt: skip


def signatures(resolver: Resolver, signer: Signer | None) -> Iterator[Finding]:
    """Whether the public halves of our keys stand in DNS."""
    if signer is None:
        yield Finding(
            "DKIM", Grade.WARN, "E-mails aren't signed here.",
            "Set ECRM_DKIM_DOMAIN and ECRM_DKIM_KEYS, unless your mail server signs.",
        )  # fmt: skip
        return
    for key in signer.keys:
        name = f"{key.selector}._domainkey.{signer.domain}"
        try:
            found = [text for text in resolver.txt(name) if "p=" in text]
        except NoAnswer as error:
            yield _unasked("DKIM", error)
            continue
        if not found:
            yield Finding("DKIM", Grade.BAD, f"{name} has no key.", f"Add this TXT record to {name}: {key.record}")
        elif _public(found[0]) != _public(key.record):
            yield Finding(
                "DKIM", Grade.BAD, f"{name} holds another key than ours: every signature is refused.",
                f"Replace that TXT record with: {key.record}",
            )  # fmt: skip
        elif getattr(key.private, "key_size", 2048) < 2048:
            yield Finding("DKIM", Grade.WARN, f"{name} fits, but the key is short.", "Make one of 2048 bits.")
        else:
            yield Finding("DKIM", Grade.GOOD, f"{name} holds our key ({key.algorithm}).")


def _public(record: str) -> str:
    tags = dict(part.strip().split("=", 1) for part in record.split(";") if "=" in part)
    return "".join(tags.get("p", "").split())


def dmarc(resolver: Resolver, domain: str, *, return_path: str, signed_by: str | None) -> Iterator[Finding]:
    """Whether the domain says what to do with forgeries, and whether our own e-mails are in line with it."""
    try:
        record = _dmarc_record(resolver, domain)
    except NoAnswer as error:
        yield _unasked("DMARC", error)
        return
    if record is None:
        yield Finding(
            "DMARC", Grade.BAD, f"{domain} has no DMARC record; Gmail and Yahoo want one of everybody who sends much.",
            f"Add a TXT record to _dmarc.{domain}: v=DMARC1; p=none; rua=mailto:dmarc@{domain}",
        )  # fmt: skip
    else:
        tags = dict(part.strip().lower().split("=", 1) for part in record.split(";") if "=" in part)
        policy = tags.get("p", "").strip()
        if policy in {"quarantine", "reject"}:
            yield Finding("DMARC", Grade.GOOD, f"Forgeries of {domain} meet p={policy}.")
        elif policy == "none":
            yield Finding(
                "DMARC", Grade.WARN, f"Forgeries of {domain} are let through (p=none).",
                "Read the reports for some weeks, then say p=quarantine.",
            )  # fmt: skip
        else:
            yield Finding(
                "DMARC", Grade.BAD, f"The record has no policy: {record}", "Say p=none, quarantine or reject."
            )
    aligned = [name for name, other in (("SPF", return_path), ("DKIM", signed_by)) if other and in_line(domain, other)]
    if aligned:
        yield Finding("Alignment", Grade.GOOD, f"{' and '.join(aligned)} speak for {domain}.")
    else:
        yield Finding(
            "Alignment", Grade.BAD, f"Neither the return path ({return_path}) nor a signature speaks for {domain}.",
            f"Sign with a key of {domain} (ECRM_DKIM_DOMAIN), or set ECRM_MAIL_RETURN_PATH to an address there.",
        )  # fmt: skip


def _dmarc_record(resolver: Resolver, domain: str) -> str | None:
    """Of the domain, or of one above it. Without the public suffix list every parent with a dot is asked."""
    labels = domain.split(".")
    for start in range(len(labels) - 1):
        for text in resolver.txt("_dmarc." + ".".join(labels[start:])):
            if text.lower().replace(" ", "").startswith("v=dmarc1"):
                return text
    return None


def in_line(domain: str, other: str) -> bool:
    """Relaxed alignment (RFC 7489 3.1), taken narrowly: one is the other, or above it, and has a dot itself."""
    one, two = sorted((domain.lower(), other.lower()), key=len)
    return "." in one and (one == two or two.endswith(f".{one}"))


def _unasked(about: str, error: NoAnswer) -> Finding:
    return Finding(about, Grade.UNKNOWN, f"The DNS didn't answer ({error}).", "Try again; look at the name server.")
