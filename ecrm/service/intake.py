"""Intake: a message is kept and committed first, then read and made a part of a case; nothing is lost on the way.

What a machine wrote is never answered by a machine and opens nothing again (RFC 3834); a person's letter that wants no
automatic answer gets none and is said as any other. What can't be read, comes too
often or isn't for a person is put aside with the reason, and a person decides.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ecrm.installation import Installation
from ecrm.wording import gettext as _
from ecrm.wording import ngettext
from mailer.inbound.message import UNCLEAR, Inbound
from mailer.inbound.reading import read
from tracking.email_address import fold

from . import inbound_mail
from .acknowledging import acknowledge
from .cases import (
    Attached,
    Case,
    Channel,
    Direction,
    Field,
    Opened,
    Recipient,
    Said,
    State,
    add_message,
    by_message_id,
    log_step,
    messages_of,
    open_case,
)
from .desk_addresses import addressed, bare, desk_addresses, own_addresses, team_of
from .inbound_mail import InboundMail
from .inbound_mail import State as MailState
from .mailed_orders import named_order
from .thread import MARK, Thread, thread_of

log = logging.getLogger("ecrm.intake")

MOST_AN_HOUR = 20
"""Messages of one address: more are a loop or a flood, and wait for a person."""
_ASIDE = {
    "loop": "our own letter came back",
    "report": "a report about no e-mail of ours",
    "auto-submitted": "written by a machine",
    "precedence": "sent to many at once",
    "auto-reply": "an automatic answer to no letter of ours",
    "empty return path": "written by a machine",
    "list": "sent by a mailing list",
    "machine": "from an address that nobody reads",
    "subject": "an automatic answer to no letter of ours",
}
"""Why a machine's message that belongs to no case waits; `no answer wanted` becomes a case and isn't answered."""
_FATAL = "reading it ended the process several times; only its beginning is shown"
_CLOCKS_DIFFER = timedelta(minutes=5)
_LATE = timedelta(minutes=1)


@dataclass(frozen=True)
class Done:
    """What became of a message: its state, why, and its case."""

    state: MailState
    why: str = ""
    case_id: int | None = None


def take_mail(crm: Installation, raw: bytes, *, source: str, recipient: str = "", now: datetime) -> str:
    """Keep a message, commit, then digest it; in a word, what became of it: a state, or `repeated`.

    Raises:
        SQLAlchemyError: where it can't be kept: whoever handed it over keeps it then.
    """
    with crm.sessions.begin() as session:
        mail_id = inbound_mail.keep(session, raw, source=source, recipient=recipient, now=now)
    if mail_id is None:
        return "repeated"
    return digest(crm, mail_id, now=now)


def digest(crm: Installation, mail_id: int, *, now: datetime, forced: bool = False) -> str:
    """Read a kept message and do what follows; in a word, what became of it, or `gone` where there is nothing to do.

    A broad `except` stands here on purpose: whatever fails, the message waits for a person with the reason. Where it
    was the database, that may have been for a moment: it is tried again before (`digest_waiting`).

    Args:
        forced: a person wants a case made of what was put aside.
    """
    states = inbound_mail.WAITING if forced else (MailState.TAKEN,)
    with crm.sessions.begin() as session:
        mail = inbound_mail.begin(session, mail_id, states=states, now=now)
        if mail is None:
            return "gone"
        session.expunge(mail)
    try:
        with crm.app.app_context():
            return _digest(crm, mail, states=states, now=now, forced=forced)
    except Exception as error:
        log.exception("message %s can't be made a case", mail_id)
        if isinstance(error, DBAPIError) and not forced and mail.attempts < inbound_mail.MOST_ATTEMPTS:
            return MailState.TAKEN
        why = f"it can't be made a case ({type(error).__name__})"
        with crm.sessions.begin() as session:
            done = inbound_mail.settle(session, mail_id, MailState.PUT_ASIDE, states=states, why=why)
        return MailState.PUT_ASIDE if done else "gone"


def digest_waiting(crm: Installation, *, now: datetime) -> int:
    """Digest what a crash left behind; says how many. What was the crash's reason is put aside after a few tries."""
    with crm.sessions() as session:
        ids = inbound_mail.undigested(session, before=now - _LATE)
    for mail_id in ids:
        digest(crm, mail_id, now=now)
    return len(ids)


def _digest(crm: Installation, kept: InboundMail, *, states: tuple[MailState, ...], now: datetime, forced: bool) -> str:
    own, fatal = own_addresses(crm.app.config, crm.storefront.facts()), kept.ended_processes
    mail = read(kept.message or b"", own=own, whole=not fatal)
    with crm.sessions.begin() as session:
        if not inbound_mail.claim(session, kept.id, mail, states=states, now=now):
            return "gone"
        if fatal and not forced:
            done = Done(MailState.PUT_ASIDE, _FATAL)
        else:
            done = _made(crm, session, mail, recipient=kept.recipient, now=now, forced=forced)
        inbound_mail.settle(
            session, kept.id, done.state, states=states, why=done.why, case_id=done.case_id,
            finished=done.why != _FATAL,
        )  # fmt: skip
        return done.state


def _made(crm: Installation, session: Session, mail: Inbound, *, recipient: str, now: datetime, forced: bool) -> Done:
    thread = thread_of(session, mail)
    if not forced and (why := _why_aside(session, mail, thread, now=now)) is not None:
        return why
    if not mail.from_address:
        return Done(MailState.PUT_ASIDE, mail.trouble or "it says nobody who could be answered")
    automatic = mail.by_machine and not forced
    goes_on = thread is not None and (automatic or _goes_on(crm, thread.case, now=now))
    said = _said(
        session, mail, own=own_addresses(crm.app.config, crm.storefront.facts()),
        into=thread if goes_on else None, automatic=automatic, now=now,
    )  # fmt: skip
    if thread is not None and goes_on:
        add_message(session, thread.case, said, now=now)
        case = thread.case
    else:
        case = _open(crm, session, mail, said, recipient=recipient, before=thread, now=now)
        if not (mail.auto or forced or mail.relayed_by or "spam filter" in mail.hints):
            acknowledge(crm, session, case, answered=mail.message_id, now=now)
    _note(session, case, mail, now=now)
    return Done(MailState.CASE, case_id=case.id)


def _why_aside(session: Session, mail: Inbound, thread: Thread | None, *, now: datetime) -> Done | None:
    if mail.auto == "loop":
        return Done(MailState.PUT_ASIDE, _ASIDE["loop"])
    if mail.from_address and _too_many(session, mail, now=now):
        return Done(MailState.PUT_ASIDE, f"more than {MOST_AN_HOUR} messages of this address in an hour")
    if thread is None and mail.auto in _ASIDE:
        return Done(MailState.PUT_ASIDE, _ASIDE[mail.auto])
    if thread is None and "spam filter" in mail.hints:
        return Done(MailState.SPAM, "a spam filter on the way says so")
    return None


def _too_many(session: Session, mail: Inbound, *, now: datetime) -> bool:
    """Its own row names the sender already."""
    return inbound_mail.messages_since(session, mail.from_address, since=now - timedelta(hours=1)) > MOST_AN_HOUR


def _goes_on(crm: Installation, case: Case, *, now: datetime) -> bool:
    """Whether a person's letter is said in this case, or begins another that names it: what is long over stays over."""
    if case.state not in {State.SOLVED, State.CLOSED}:
        return True
    if case.state == State.CLOSED or case.solved_at is None:
        return False
    return now - case.solved_at <= timedelta(days=int(crm.app.config["ECRM_CASE_REOPEN_DAYS"]))


def _said(
    session: Session, mail: Inbound, *, own: Collection[str], into: Thread | None, automatic: bool, now: datetime
) -> Said:
    case = into.case if into is not None else None
    at = _place(session, mail, into=case, now=now)
    # A Message-ID that stands in a case already is another message's: this one goes without, or it were lost.
    taken = by_message_id(session, mail.message_id) is not None
    return Said(
        direction=Direction.IN, channel=Channel.EMAIL, text=mail.text, quoted=mail.quoted, html=mail.html,
        author_name=mail.from_name or mail.from_address, from_address=mail.relayed_by or mail.sender,
        message_id=None if taken or not mail.message_id else mail.message_id, in_reply_to=mail.in_reply_to,
        automatic=automatic, at=at, written_at=_clock(mail, at), recipients=_recipients(mail, own=own, into=case),
        from_workshop=into is not None and into.from_workshop,
        attachments=tuple(Attached(one.name, one.content_type, one.content) for one in mail.attachments),
    )  # fmt: skip


def _place(session: Session, mail: Inbound, *, into: Case | None, now: datetime) -> datetime:
    """Where it stands in the conversation: by the sender's clock as far as that can be, never before what was said
    already, nor in the future."""
    at = min(mail.at, now) if mail.at is not None and mail.at > now - timedelta(days=30) else now
    last = max((one.at for one in messages_of(session, into.id)), default=at) if into is not None else at
    return min(max(at, last), now)


def _clock(mail: Inbound, at: datetime) -> datetime | None:
    """What the sender's clock said, where that is another time that can be shown."""
    if mail.at is None or not 1980 < mail.at.year < 2200 or abs(mail.at - at) <= _CLOCKS_DIFFER:
        return None
    return mail.at


def _recipients(mail: Inbound, *, own: Collection[str], into: Case | None) -> tuple[Recipient, ...]:
    """Whom it names beside us and the one who is answered anyway, each once."""
    answered = {fold(mail.from_address), fold(mail.relayed_by)}
    ours = {bare(one) for one in own}
    named: dict[str, Recipient] = {}
    joins = UNCLEAR in mail.hints or (into is not None and fold(mail.from_address) != into.from_folded)
    if joins and not mail.relayed_by and mail.auto != "machine":
        named[fold(mail.from_address)] = Recipient(Field.FROM, mail.from_address)
    for field, found in ((Field.TO, mail.to), (Field.COPY, mail.cc), (Field.ANSWERS, mail.reply_to)):
        for address in found:
            if fold(address) not in answered and bare(address) not in ours:
                named.setdefault(fold(address), Recipient(field, address))
    return tuple(named.values())


def _open(
    crm: Installation,
    session: Session,
    mail: Inbound,
    said: Said,
    *,
    recipient: str,
    before: Thread | None,
    now: datetime,
) -> Case:
    address = addressed(desk_addresses(crm.app.config), (recipient, *mail.to, *mail.cc))
    subject = " ".join(MARK.sub(" ", mail.subject).split()) or " ".join(mail.text.split())[:80] or "(no subject)"
    case = open_case(
        session,
        Opened(
            channel=Channel.EMAIL, subject=subject, said=said,
            from_address=mail.from_address, from_name=mail.from_name, language=mail.language,
            team_id=team_of(session, address), spam="spam filter" in mail.hints, unproved=not mail.sender,
        ),
        now=now,
    )  # fmt: skip
    case.order_reference = case.order_reference or named_order(
        session, f"{mail.subject}\n{mail.text}", customer_id=case.customer_id,
        address=mail.relayed_by or mail.from_address,
    )  # fmt: skip
    if before is not None:
        log_step(session, case, "follows", now=now, reference=before.case.reference)
        log_step(session, before.case, "followed", now=now, reference=case.reference)
    return case


def _note(session: Session, case: Case, mail: Inbound, *, now: datetime) -> None:
    """What the agent should know of the message itself."""
    told = []
    if mail.trouble:
        told.append(_("This message couldn't be read whole: %(why)s.", why=mail.trouble))
    if mail.left_out:
        told.append(ngettext(
            "It came with %(num)s more file than the desk keeps of one message.",
            "It came with %(num)s more files than the desk keeps of one message.", mail.left_out,
        ))  # fmt: skip
    if mail.relayed_by:
        told.append(_(
            "It came through %(site)s, and nothing proves that %(address)s wrote it: tell them nothing that their "
            "e-mails didn't say.", site=mail.relayed_by, address=mail.from_address,
        ))  # fmt: skip
    if UNCLEAR in mail.hints:
        told.append(_(
            "Its sender is unclear: it names several, and nothing proves which of them wrote it: tell them nothing "
            "that their e-mails didn't say."
        ))  # fmt: skip
    if hints := [hint for hint in mail.hints if hint.endswith("failed")]:
        words = ", ".join(hints)
        told.append(_("The sender isn't proved (%(why)s): be careful with what you tell them.", why=words))
    if told:
        add_message(session, case, Said(direction=Direction.NOTE, text=" ".join(told), automatic=True), now=now)
