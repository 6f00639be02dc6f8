"""Reading what comes back: delivery status notifications (RFC 3464), complaints (RFC 5965), and older bounces.

A report names the e-mail that it is about by the copy of its headers. Everything else that lands in the mailbox
(out-of-office, replies of people, loops) is read as nothing: we never answer, so nothing can go round.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message
from email.utils import parseaddr

from flufl.bounce import all_failures

from .inbound.parsing import parse
from .reports import Kind, Reported

log = logging.getLogger("mailer.bounces")

MOST_BYTES = 2_000_000
"""Longer messages are no report: those bring at most the e-mail that they are about."""
# As `outbox.message_id_for` makes them.
_OURS = re.compile(r"<\d{8}T\d{6}\.[0-9a-f]{24}@[^<>\s@\x00]{1,253}>")
_MACHINES = frozenset({"mailer-daemon", "postmaster", "mail-daemon", "bounce", "bounces", "complaints", "fbl", "abuse"})
# RFC 3463: 5.2.2 is a full mailbox, 5.3 and 5.4 concern the server or the way, 5.6 and 5.7 the content or a policy.
# None of them says that the mailbox isn't there.
_PASSING = re.compile(r"5\.(2\.2|2\.3|3\.|4\.|5\.|6\.|7\.)")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


def read(raw: bytes) -> list[Reported]:
    """The reports in a message, usually one; none, where it isn't a report about an e-mail of ours.

    The standard library's parser raises at some messages (parts within a thousand parts, names of charsets that are
    none): nobody's mail server writes such reports.
    """
    if len(raw) > MOST_BYTES:
        return []
    try:
        return _reports(parse(raw.replace(b"\x00", b"")))  # which PostgreSQL keeps nowhere
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError, MessageError):
        log.exception("a message that came in can't be read, and is taken for no report")
        return []


def _reports(message: Message) -> list[Reported]:
    if str(message.get("Auto-Submitted", "")).lower().startswith("auto-replied") and not _is_report(message):
        return []
    message_id = _about(message)
    if message_id is None:
        return []
    if _report_type(message) == "feedback-report":
        return list(_complaint(message, message_id))
    if any(part.get_content_type() == "message/delivery-status" for part in message.walk()):
        return list(_status_notes(message, message_id))
    return _older(message, message_id) if _by_a_machine(message) else []


def _is_report(message: Message) -> bool:
    return message.get_content_type() == "multipart/report"


def _report_type(message: Message) -> str:
    return str(message.get_param("report-type", "")).lower() if _is_report(message) else ""


def _about(message: Message) -> str | None:
    """The Message-ID of the e-mail that it is about: of the copy that it brings, or wherever else it stands."""
    for part in message.walk():
        if part.get_content_type() in {"message/rfc822", "text/rfc822-headers"}:
            copy = part.get_payload()
            inner = copy[0] if isinstance(copy, list) and copy else None
            text = str(inner.get("Message-ID", "")) if isinstance(inner, Message) else _text(part)
            if found := _OURS.search(text):
                return found.group()
    for name in ("In-Reply-To", "References", "X-Original-Message-ID"):
        if found := _OURS.search(str(message.get(name, ""))):
            return found.group()
    for part in message.walk():
        if part.get_content_maintype() == "text" and (found := _OURS.search(_text(part))):
            return found.group()
    return None


def _text(part: Message) -> str:
    body = part.get_payload(decode=True)
    return body.decode(errors="replace") if isinstance(body, bytes) else ""


def _complaint(message: Message, message_id: str) -> Iterator[Reported]:
    for part in message.walk():
        if part.get_content_type() != "message/feedback-report":
            continue
        copy = part.get_payload()
        fields = copy[0] if isinstance(copy, list) and copy else message_from_bytes(_text(part).encode())
        if not isinstance(fields, Message):
            continue
        kind = str(fields.get("Feedback-Type", "")).strip().lower()
        if kind in {"abuse", "fraud", "opt-out"}:  # "not-spam" takes a complaint back, the others say nothing of people
            address = parseaddr(str(fields.get("Original-Rcpt-To", "")))[1]
            by = str(fields.get("Source-IP", "") or fields.get("User-Agent", ""))
            yield Reported(
                kind=Kind.COMPLAINT, message_id=message_id, address=address, diagnostic=f"{kind} {by}".strip()[:300]
            )
            return


def _status_notes(message: Message, message_id: str) -> Iterator[Reported]:
    for part in message.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        blocks = part.get_payload()
        for block in blocks if isinstance(blocks, list) else []:
            if not isinstance(block, Message):
                continue
            action = str(block.get("Action", "")).strip().lower()
            if not action.startswith(("fail", "error")):
                continue  # "delayed": the server is still trying; "relayed", "expanded", "delivered": nothing is wrong
            found = _STATUS.search(str(block.get("Status", "")))
            status = found.group() if found else "5.0.0"
            words = " ".join(str(block.get("Diagnostic-Code", "")).partition(";")[2].split())
            yield Reported(
                kind=kind_of(status), message_id=message_id, status=status, diagnostic=words[:300],
                address=_address(str(block.get("Original-Recipient", "") or block.get("Final-Recipient", ""))),
            )  # fmt: skip


def kind_of(status: str) -> Kind:
    """Hard where the mailbox isn't there (RFC 3463), soft where it may be later."""
    return Kind.HARD if status.startswith("5.") and not _PASSING.match(status) else Kind.SOFT


def _address(field: str) -> str:
    """Of `rfc822; ada@example.com`."""
    return parseaddr(field.partition(";")[2] or field)[1]


def _by_a_machine(message: Message) -> bool:
    if str(message.get("Return-Path", "")).strip() == "<>":
        return True
    local = parseaddr(str(message.get("From", "")))[1].partition("@")[0].lower()
    return local in _MACHINES


def _older(message: Message, message_id: str) -> list[Reported]:
    """Bounces from before, or beside, the standard; flufl.bounce knows what they look like.

    A broad `except` stands here on purpose: its detectors read by guesses, and some raise at a message that is cut off.
    """
    try:
        passing, lasting = all_failures(message)
    except Exception:
        log.exception("a message that came back can't be read")
        return []
    hard = [(Kind.HARD, one) for one in sorted(lasting)]
    soft = [(Kind.SOFT, one) for one in sorted(passing - lasting)]
    return [
        Reported(kind=kind, message_id=message_id, address=one.decode(errors="replace"), diagnostic="came back")
        for kind, one in hard + soft
    ]
