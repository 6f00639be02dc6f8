"""Replying: an agent's answer becomes a message of the case and an e-mail of the outbox, both or neither."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from ecrm.installation import Installation
from ecrm.letters import Letter, post, shop_context, write
from ecrm.storefront import Staff
from ecrm.wording import gettext as _
from ecrm.wording import number
from mailer import dedup
from mailer.addressing import MAX_SUBJECT, BadHeader, Mailbox
from mailer.enclosed import MOST_BYTES, File, correspondence
from mailer.outbox import Email
from tracking.customers import CustomerEmail, customer_by_email

from .cases import (
    Attached,
    AttachmentContent,
    Case,
    CaseAttachment,
    CaseMessage,
    CaseRecipient,
    Channel,
    Direction,
    Field,
    Recipient,
    Said,
    add_message,
    final,
    messages_of,
    take,
)
from .copies import Other, chosen, others_of
from .desk_addresses import own_addresses, sender_of
from .order_keys import order_keys

TEMPLATE = "case_reply"
MOST_QUOTED = 3000
"""Letters of the last message that are quoted below the answer."""
_SAFE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain"})


class NotAnswerable(ValueError):
    """The answer can't be sent; the text says why and what to do."""


def answer(
    crm: Installation,
    session: Session,
    case: Case,
    text: str,
    *,
    by: Staff,
    attachments: Sequence[Attached] = (),
    copies: Collection[str] = (),
    version: int | None = None,
    now: datetime,
) -> CaseMessage:
    """Queue an agent's answer to whoever wrote, in the caller's transaction.

    Args:
        text: plain; lines stay lines, addresses of pages become links.
        copies: addresses of others whom letters of this case named (`copies.others_of`); each gets an e-mail of their
            own, and everybody sees who else does.
        version: of the case as the agent saw it; a second click has an old one.

    Raises:
        NotAnswerable: without words or an address, with more than ten megabytes of files, copies for strangers, or a
            link that opens an order for people other than its customer.
        ChangedMeanwhile: see `cases.take`.
    """
    case = final(session, case)
    take(session, case, version=version)
    _check(case, text, attachments)
    others = chosen(others_of(session, case, own=own_addresses(crm.app.config, crm.storefront.facts())), copies)
    if others is None:
        raise NotAnswerable(_("A copy goes only to whom a letter of this case named. Choose again who gets one."))
    before = messages_of(session, case.id)
    last = _last(session, case, before, others)
    try:
        with shop_context(crm) as facts:
            keys = order_keys(session, crm.storefront) if any(not one.theirs for one in others) else None
            if keys is not None and keys.are_in(text):
                raise NotAnswerable(_(
                    "The answer holds a link that opens the order, with name, address and telephone, for everybody who "
                    "gets a copy. Take the link out of the text, or untick the copies."
                ))  # fmt: skip
            quoted = _quoted(last)
            letter = write(
                facts,
                template=TEMPLATE,
                context={
                    "case": case, "text": text, "agent": by.name, "subject": subject_of(case),
                    "quoted": keys.taken_out(quoted) if keys is not None else quoted,
                    "quoted_at": last.at if last else None,
                    "quoted_name": (last.author_name if last else "") or case.from_name,
                },
                to_address=case.from_address,
                to_name=case.from_name,
            )  # fmt: skip
            letter = replace(letter, sender=sender_of(session, crm.app.config, facts, team_id=case.team_id))
            more = [replace(letter, to=Mailbox("", one.address)) for one in others]
    except BadHeader as error:
        words = _("This address can't be written to: %(address)s (%(why)s)", address=case.from_address, why=error)
        raise NotAnswerable(words) from None
    ids = [one.message_id for one in before if one.message_id]
    answered = (last.message_id if last else None) or ""
    key, everybody = dedup.case_reply(case.reference, case.version), [letter, *more]
    owners = [case.customer_id, *(_owner(session, one) for one in more)]
    may_know = [True, *(one.theirs for one in others)]  # whose order it is
    posted = [
        post(
            session, one, dedup_key=f"{key}:{place}" if place else key, customer_id=owners[place],
            order_reference=(case.order_reference or None) if may_know[place] else None, now=now,
            content=correspondence(
                in_reply_to=answered, references=ids, files=bool(attachments),
                copies=[other.to.address for other in everybody if other is not one],
            ),
        )
        for place, one in enumerate(everybody)
    ]  # fmt: skip
    email_id = posted[0]
    if email_id is None:
        raise NotAnswerable(_("This answer was sent already."))
    email = session.get_one(Email, email_id)
    said = Said(
        direction=Direction.OUT, channel=Channel.EMAIL, text=text, by=by, message_id=email.message_id,
        in_reply_to=answered, email_id=email_id, attachments=tuple(attachments),
        recipients=tuple(
            Recipient(Field.COPY, one.to.address, sent) for one, sent in zip(more, posted[1:], strict=True)
        ),
    )  # fmt: skip
    return add_message(session, case, said, now=now)


def _last(session: Session, case: Case, before: Sequence[CaseMessage], others: Collection[Other]) -> CaseMessage | None:
    """What is answered and quoted: the newest words of the case's own person or of somebody who gets this answer.

    Nobody's private remark goes to another by itself: neither a machine's (an out-of-office note), nor a
    workshop's, nor what came from whoever a letter was passed on to.
    """
    theirs = select(CustomerEmail.folded).where(CustomerEmail.customer_id == case.customer_id)
    readers = {case.from_folded, *(one.folded for one in others), *session.scalars(theirs)} - {""}

    def answered(one: CaseMessage) -> bool:
        began = one is before[0]  # a form's letter comes from the form, for whoever is answered
        unsigned = not one.from_folded and one.channel != Channel.EMAIL  # a call
        return began or unsigned or one.from_folded in readers

    words = (one for one in reversed(before) if one.direction == Direction.IN)
    return next((one for one in words if not one.automatic and not one.from_workshop and answered(one)), None)


def subject_of(case: Case) -> str:
    """The subject of letters about a case: with its mark, by which an answer finds the way back."""
    bare = case.subject.replace(case.subject_mark, "").strip()
    begun = bare if bare[:3].lower() in {"re:", "aw:"} else f"Re: {bare}"
    return f"{begun[: MAX_SUBJECT - len(case.subject_mark) - 1]} {case.subject_mark}"


def files_of(sessions: sessionmaker[Session]) -> Callable[[Email], Sequence[File]]:
    """For the sender: the files that go out with an e-mail about a case; what a browser could run as plain bytes."""

    def find(email: Email) -> Sequence[File]:
        copied = select(CaseRecipient.message_id).where(CaseRecipient.email_id == email.id)
        query = (
            select(CaseAttachment, AttachmentContent.content)
            .join(AttachmentContent, AttachmentContent.digest == CaseAttachment.digest)
            .join(CaseMessage, CaseMessage.id == CaseAttachment.message_id)
            .where((CaseMessage.email_id == email.id) | CaseMessage.id.in_(copied))
            .order_by(CaseAttachment.id)
        )
        with sessions() as session:
            return [
                File(one.name, one.content_type if one.content_type in _SAFE else "application/octet-stream", content)
                for one, content in session.execute(query)
            ]

    return find


def _owner(session: Session, copy: Letter) -> int | None:
    """Whose mailbox a copy goes to: it is an e-mail to them, not to the case's customer."""
    owner = customer_by_email(session, copy.to.address)
    return owner.id if owner is not None else None


def _check(case: Case, text: str, attachments: Sequence[Attached]) -> None:
    if not case.from_address:
        raise NotAnswerable(_("Nobody's e-mail address is known here. Call them, or enter an address first."))
    if not text.strip():
        raise NotAnswerable(_("Write an answer first."))
    size = sum(len(one.content) for one in attachments)
    if size > MOST_BYTES:
        raise NotAnswerable(_(
            "The files have %(size)s MB together, and mail servers take %(most)s: send fewer.",
            size=number(round(size / 1e6, 1)), most=number(MOST_BYTES // 10**6),
        ))  # fmt: skip


def _quoted(last: CaseMessage | None) -> str:
    if last is None:
        return ""
    text = last.text.strip()
    return text if len(text) <= MOST_QUOTED else f"{text[:MOST_QUOTED].rstrip()} …"
