"""Whether a machine wrote a message, and why we think so: nothing answers those automatically (RFC 3834 2)."""

from __future__ import annotations

import re
from collections.abc import Collection
from email.message import Message

from tracking.email_address import fold

from .headers import addresses, raw_field, text_field

LOOP_HEADER = "X-Loop"
_MACHINES = re.compile(
    r"(mailer-daemon|postmaster|mail-daemon|no-?reply.*|do-?not-?reply.*|donotreply|bounces?|noreply|"
    r"notifications?|autoresponder|auto-?reply|daemon|root)",
    re.IGNORECASE,
)
_RELAYS = re.compile(
    r"(mailer|wordpress|webmaster|www-data|apache|nobody|(web|form)-?(mail|mailer|form)|forms?|form-?submissions?|"
    r"contact-?form|kontaktformular|kontakt-?form|formulaire|formulario|relay|messages?|messaging)",
    re.IGNORECASE,
)
"""Names of senders that pass letters on, beside those of machines."""
_SUBJECT = re.compile(
    r"(auto(matic|matische)?[ -]?(reply|response|antwort)(?=\s*([:(–-]|$))|"
    r"out of (the )?office|abwesenheits?(notiz|meldung)|"
    r"abwesend|réponse automatique|absence du bureau|respuesta automática|fuera de la oficina|risposta automatica|"
    r"fuori sede|automatisch antwoord|afwezigheid|automatiskt svar|automatisk svar|autosvar|resposta automática|"
    r"automatyczna odpowiedź|undeliver(able|ed)(?=:| mail|$)|"
    r"mail delivery (failed|subsystem)|delivery status notification)\b",
    re.IGNORECASE,
)


def why_automatic(message: Message, *, own: Collection[str] = ()) -> str:
    """In a word, why no machine may answer it; empty where one may.

    What says that a machine wrote it is looked for first (`message.BY_MACHINES`): the others stand in people's letters,
    too.

    Args:
        own: addresses that are ours, folded: what comes from there is our own letter coming back.

    Returns:
        `loop`, `report`, `auto-submitted`, `auto-reply`, `empty return path`, `subject`; `precedence`, `list`,
        `machine` (its sender's name), `no answer wanted` (X-Auto-Response-Suppress).
    """
    senders = {fold(address) for name in ("From", "Sender") for _shown, address in addresses(message, name)}
    if (senders | {fold(raw_field(message, LOOP_HEADER))}) & set(own):
        return "loop"
    if message.get_content_type() == "multipart/report":
        return "report"
    said = raw_field(message, "Auto-Submitted").strip().lower()
    if said and not said.startswith("no"):
        return "auto-submitted"
    precedence = raw_field(message, "Precedence").strip().lower()
    if precedence in {"auto_reply", "auto-reply"} or any(
        raw_field(message, name).strip()
        for name in ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Mail-Autoreply")
    ):
        return "auto-reply"
    if raw_field(message, "Return-Path").strip() == "<>":
        return "empty return path"
    if _SUBJECT.match(text_field(message, "Subject", 200)):
        return "subject"
    if precedence in {"bulk", "junk", "list"}:
        return "precedence"
    if raw_field(message, "List-Id") or raw_field(message, "List-Unsubscribe"):
        return "list"
    if any(_is_machine(address) for address in senders) and passed_on_for(message, own=own) is None:
        return "machine"
    suppress = raw_field(message, "X-Auto-Response-Suppress").lower()
    return "no answer wanted" if any(word in suppress for word in ("all", "oof", "autoreply")) else ""


def passed_on_for(message: Message, *, own: Collection[str] = ()) -> tuple[str, str] | None:
    """Name and address of whoever a form or a marketplace passes a letter on for; None where its sender wrote it.

    Nobody reads the mailbox of such a sender; whoever is to be answered stands in Reply-To (RFC 5322 3.6.2), as the
    letter says itself: nothing proves it.
    """
    senders, answers = addresses(message, "From"), addresses(message, "Reply-To")
    if len(senders) != 1 or not answers:
        return None
    (shown, sender), (name, person) = senders[0], answers[0]
    if fold(person) == fold(sender) or {fold(person), fold(sender)} & set(own) or _is_machine(person):
        return None
    relays = _is_machine(sender) or _RELAYS.fullmatch(sender.rpartition("@")[0])
    return (name or ("" if "@" in shown else shown), person) if relays else None


def _is_machine(address: str) -> bool:
    return _MACHINES.fullmatch(address.rpartition("@")[0]) is not None


def spam_hints(message: Message) -> tuple[str, ...]:
    """What mail servers on the way said against it. Whoever sends can write these too, but hardly would."""
    found = []
    if raw_field(message, "X-Spam-Flag").strip().lower().startswith("yes"):
        found.append("spam filter")
    if raw_field(message, "X-Spam-Status").strip().lower().startswith("yes"):
        found.append("spam filter")
    if raw_field(message, "X-Spam").strip().lower() in {"yes", "true"}:
        found.append("spam filter")
    results = " ".join(
        str(value) for name, value in message.raw_items() if name.lower() == "authentication-results"
    ).lower()
    found += [
        f"{proof} failed" for proof in ("dmarc", "dkim", "spf") if re.search(rf"\b{proof}=(fail|permerror)\b", results)
    ]
    return tuple(dict.fromkeys(found))
