"""Contact: what somebody writes in the form on the shop's site becomes a case, signed in or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ecrm.installation import Installation
from ecrm.wording import gettext as _
from mailer.addressing import BadHeader, Mailbox
from mailer.inbound.charsets import clean, one_line
from mailer.inbound.content_types import PICTURES, of_content
from mailer.inbound.language import language_of
from mailer.inbound.names import safe_name
from tracking.email_address import fold
from tracking.orders import SeenOrder

from .acknowledging import acknowledge
from .cases import Attached, Case, Channel, Direction, Kind, Opened, Said, open_case

MOST_WORDS = 10_000
MOST_FILES = 3
MOST_BYTES = 8_000_000
"""Of all files of a form together."""
MOST_AN_HOUR = 10
"""Forms with one address; whoever writes more often is asked to answer the e-mail."""
ORDERS = 10
ALLOWED = PICTURES | {"application/pdf", "text/plain"}
"""What files may be, by their content."""


@dataclass(frozen=True)
class Picked:
    """A file of the form: the name that the browser says, and the bytes."""

    name: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Question:
    """The form as it was filled in. `customer_id` of who is signed in, whose address `email` then is."""

    kind: str
    email: str
    name: str = ""
    words: str
    order: str = ""
    product: str = ""
    files: Sequence[Picked] = ()
    customer_id: int | None = None


@dataclass
class Problems:
    """What is wrong, by field, in words."""

    by_field: dict[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.by_field)


def check(question: Question) -> Problems:
    """Everything that has to be changed before it can be sent."""
    found = Problems()
    if question.kind not in set(Kind):
        found.by_field["kind"] = _("Please choose what it is about.")
    try:
        Mailbox("", question.email)
    except BadHeader:
        found.by_field["email"] = _("That is no e-mail address we could write to. Please look it over.")
    if not question.words.strip():
        found.by_field["words"] = _("Please write what it is about.")
    elif len(question.words) > MOST_WORDS:
        found.by_field["words"] = _("At most %(most)s letters, please; put longer texts into a file.", most=MOST_WORDS)
    if len(question.files) > MOST_FILES:
        found.by_field["files"] = _("At most %(most)s files, please. Choose them again.", most=MOST_FILES)
    elif sum(len(one.content) for one in question.files) > MOST_BYTES:
        found.by_field["files"] = _("At most %(most)s MB of files, please.", most=MOST_BYTES // 1_000_000)
    elif wrong := [one.name for one in question.files if of_content(one.content) not in ALLOWED]:
        found.by_field["files"] = _(
            "We can't take %(name)s. Pictures, PDF and plain text are fine.",
            name=safe_name(wrong[0], otherwise=_("this file")),
        )
    return found


def too_often(session: Session, address: str, *, now: datetime) -> bool:
    """Whether this address opened as many cases by the form within an hour as it may."""
    lately = select(func.count()).where(
        Case.from_folded == fold(address), Case.last_message_at > now - timedelta(hours=1),
        Case.channel == Channel.FORM,
    )  # fmt: skip
    return (session.scalar(lately) or 0) >= MOST_AN_HOUR


def ask(crm: Installation, session: Session, question: Question, *, now: datetime) -> Case:
    """Open a case of a form that `check` found nothing in, and say by e-mail that it arrived, in the caller's
    transaction."""
    words, name = clean(question.words).strip(), one_line(question.name, 200)
    attached = tuple(
        Attached(safe_name(one.name, otherwise=f"file-{place}"), of_content(one.content), one.content)
        for place, one in enumerate(question.files, start=1)
    )
    said = Said(
        direction=Direction.IN, channel=Channel.FORM, text=words, author_name=name or question.email,
        from_address=question.email, attachments=attached,
    )  # fmt: skip
    case = open_case(
        session,
        Opened(
            channel=Channel.FORM, subject=" ".join(words.split())[:80], kind=Kind(question.kind), said=said,
            customer_id=question.customer_id, from_address=question.email, from_name=name,
            language=language_of(words), order_reference=one_line(question.order, 64).lstrip("#").strip(),
            product=one_line(question.product, 64),
        ),
        now=now,
    )  # fmt: skip
    acknowledge(crm, session, case, now=now)
    return case


def orders_of(session: Session, customer_id: int) -> Sequence[SeenOrder]:
    """The last orders of who is signed in, for the form to choose from."""
    query = select(SeenOrder).where(SeenOrder.customer_id == customer_id).order_by(SeenOrder.placed_at.desc())
    return session.scalars(query.limit(ORDERS)).all()
