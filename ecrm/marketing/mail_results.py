"""What e-mails did, by mailing or flow, step and variant: delivered, followed, bought, left, complained of.

- sent: handed to the recipient's server or in doubt. delivered: without those that came back since.
- readers and clicks: e-mails of people who agreed to be counted in e-mails (`tracked`), each once, machines left out.
- orders and money: the postings of attribution to visits by the e-mail's links (`utm_content`, which every link
  carries), so they are a part of the ledger that `flask ecrm reconcile` proves, and people who agreed to nothing count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, String, and_, case, cast, distinct, func, literal, select
from sqlalchemy.orm import Session

from ecrm.mail_links import content_of
from mailer.consent import ConsentEntry
from mailer.contacts import Contact
from mailer.engagement import Deed, Engagement, Machine
from mailer.outbox import Email, State
from mailer.reports import Kind, MailReport
from tracking.clickstream.dimensions import Source

from .attribution.credits import MILLION, Credit
from .attribution.models import Model
from .period import Period

_HANDED = (State.SENT, State.BOUNCED, State.UNKNOWN)


class Part(NamedTuple):
    """A mailing or flow, its step and its variant."""

    source: str
    step: int = 0
    variant: str = ""


@dataclass(frozen=True)
class MailFigures:
    """Counts of e-mails; money in minor units. `machines`: deeds of scanners and proxies, of which none counts."""

    sent: int = 0
    bounced: int = 0
    doubtful: int = 0
    tracked: int = 0
    clicked: int = 0
    opened: int = 0
    machines: int = 0
    unsubscribed: int = 0
    complained: int = 0
    orders_ppm: int = 0
    net_minor: int = 0

    @property
    def delivered(self) -> int:
        return self.sent - self.bounced

    @property
    def orders(self) -> float:
        """Credited orders; shares of one add up."""
        return self.orders_ppm / MILLION

    @property
    def click_rate(self) -> float | None:
        """Of the e-mails whose clicks may be counted."""
        return self.clicked / self.tracked if self.tracked else None

    def __add__(self, other: MailFigures) -> MailFigures:
        return MailFigures(*(a + b for a, b in zip(_values(self), _values(other), strict=True)))


def _values(one: MailFigures) -> list[int]:
    return [getattr(one, name) for name in MailFigures.__dataclass_fields__]


def results(
    session: Session,
    *,
    model: Model,
    source: str = "",
    span: tuple[datetime, datetime] | None = None,
    period: Period | None = None,
) -> dict[Part, MailFigures]:
    """All parts that sent or earned something.

    Args:
        source: one mailing or flow; all of them where it is empty.
        span: count e-mails sent within (end excluded), and what was done with these e-mails whenever.
        period: count money booked on these days of the shop's.
    """  # fmt: skip
    chosen: list[ColumnElement[bool]] = [Email.transactional.is_(False), Email.source != "", Email.state.in_(_HANDED)]
    if source:
        chosen.append(Email.source == source)
    if span is not None:
        # What bounced at the server or is in doubt was never marked as sent.
        at = func.coalesce(Email.sent_at, Email.handed_at)
        chosen += [at >= span[0], at < span[1]]
    found: dict[Part, MailFigures] = defaultdict(MailFigures)
    for part, figures in (*_sent(session, chosen), *_deeds(session, chosen), *_left(session, chosen)):
        found[part] += figures
    known = {content_of(part.source, step=part.step, variant=part.variant): part for part in found}
    for part, figures in _earned(session, model, source=source, period=period, known=known):
        found[part] += figures
    return dict(found)


def by_source(parts: dict[Part, MailFigures]) -> dict[str, MailFigures]:
    """The same summed up for each mailing and flow."""
    found: dict[str, MailFigures] = defaultdict(MailFigures)
    for part, figures in parts.items():
        found[part.source] += figures
    return dict(found)


_PART = (Email.source, Email.step, Email.variant)


def _sent(session: Session, chosen: Iterable[ColumnElement[bool]]) -> list[tuple[Part, MailFigures]]:
    agreed = and_(Contact.tracking_allowed, Email.state != State.BOUNCED)
    query = (
        select(
            *_PART, func.count(), func.sum(case((Email.state == State.BOUNCED, 1), else_=0)),
            func.sum(case((Email.state == State.UNKNOWN, 1), else_=0)), func.sum(case((agreed, 1), else_=0)),
        )
        .outerjoin(Contact, Contact.id == Email.contact_id)
        .where(*chosen)
        .group_by(*_PART)
    )  # fmt: skip
    return [
        (Part(*row[:3]), MailFigures(sent=row[3], bounced=row[4], doubtful=row[5], tracked=row[6]))
        for row in session.execute(query)
    ]


def _deeds(session: Session, chosen: Iterable[ColumnElement[bool]]) -> list[tuple[Part, MailFigures]]:
    by_reader = Engagement.machine == str(Machine.NONE)

    def emails(deed: Deed) -> Any:
        return func.count(distinct(case((and_(by_reader, Engagement.deed == str(deed)), Engagement.email_id))))

    query = (
        select(*_PART, emails(Deed.CLICK), emails(Deed.OPEN), func.sum(case((by_reader, 0), else_=1)))
        .join(Engagement, Engagement.email_id == Email.id)
        .where(*chosen)
        .group_by(*_PART)
    )
    return [
        (Part(*row[:3]), MailFigures(clicked=row[3], opened=row[4], machines=row[5])) for row in session.execute(query)
    ]


def _left(session: Session, chosen: list[ColumnElement[bool]]) -> list[tuple[Part, MailFigures]]:
    """Who left by an e-mail's own link, and who complained of it; an e-mail counts once."""
    withdrawn = (
        select(*_PART, func.count(distinct(Email.id)))
        .join(ConsentEntry, ConsentEntry.proof == literal("email:") + cast(Email.id, String))
        .where(*chosen, ConsentEntry.given.is_(False), ConsentEntry.contact_id == Email.contact_id)
        .group_by(*_PART)
    )
    complaints = (
        select(*_PART, func.count(distinct(Email.id)))
        .join(MailReport, MailReport.email_id == Email.id)
        .where(*chosen, MailReport.kind == str(Kind.COMPLAINT))
        .group_by(*_PART)
    )
    left = [(Part(*row[:3]), MailFigures(unsubscribed=row[3])) for row in session.execute(withdrawn)]
    return left + [(Part(*row[:3]), MailFigures(complained=row[3])) for row in session.execute(complaints)]


def _earned(
    session: Session, model: Model, *, source: str, period: Period | None, known: dict[str, Part]
) -> list[tuple[Part, MailFigures]]:
    orders = func.sum(case((Credit.kind == "order", Credit.share_ppm), else_=0))
    query = (
        select(Source.content, orders, func.sum(Credit.amount_minor))
        .join(Source, Source.id == Credit.source_id)
        .where(Credit.models.bitwise_and(model.bit) != 0, of_e_mails(source))
        .group_by(Source.content)
    )
    if period is not None:
        query = query.where(Credit.day.between(period.first, period.last))
    return [
        (_part_of(row[0], known), MailFigures(orders_ppm=int(row[1]), net_minor=int(row[2])))
        for row in session.execute(query)
    ]


def of_e_mails(source: str) -> ColumnElement[bool]:
    """Whether a source of visits is a link of this mailing or flow (of any, where `source` is empty)."""
    if source:
        wanted = Source.content.startswith(f"{source.replace(':', '-').lower()}.", autoescape=True)
    else:
        wanted = Source.content.startswith("mailing-") | Source.content.startswith("flow-")
    return and_(Source.medium == "email", wanted)


def _part_of(content: str, known: dict[str, Part]) -> Part:
    """The part whose links say this, with or without the place of the link behind it."""
    source, step, variant, *_place = [*content.split("."), "", "", ""]
    found = known.get(f"{source}.{step}.{variant}")
    if found is not None:
        return found
    kind, _dash, name = source.partition("-")
    return Part(f"{kind}:{name}", int(step) if step.isascii() and step.isdigit() and len(step) < 6 else 0, variant)
