"""The letters of a warranty request, through the outbox: to the service point, to the customer, and a reminder.

Those to the service point stand on the case as notes with their Message-ID, so that its answer comes to the case; they
aren't the customer's, whose answers are letters of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ecrm import letters
from ecrm.installation import Installation
from ecrm.wording import gettext as _
from mailer.addressing import BadHeader
from mailer.outbox import Email
from mailer.placeholders import spoken

from . import cases
from .desk_addresses import sender_of
from .service_points import ServicePoint
from .units import Unit
from .warranty import NotAsked, RequestState, WarrantyRequest

TEMPLATE, REMINDER, TO_CUSTOMER = "warranty_request", "warranty_reminder", "warranty_started"
NOTICED = 2
"""How often silence is noticed: the first time the service point is reminded, the second time the desk."""
LONGEST_AGO = timedelta(days=60)
"""Of a request that is older, somebody spoke otherwise, or nobody waits any more: silence is noticed no more."""
_OVER = (cases.State.SOLVED, cases.State.CLOSED)


def write_to_point(
    crm: Installation, session: Session, made: WarrantyRequest, unit: Unit, point: ServicePoint, case: cases.Case,
    *, now: datetime,
) -> None:  # fmt: skip
    """Queue it once; the customer's name and address don't go along: the workshop needs the piece and what is wrong.

    Raises:
        NotAsked: where the service point's address can't be written to.
    """
    said = _("Asked %(point)s to look at it: %(words)s", point=point.name, words=made.words)
    email_id = _post(crm, session, TEMPLATE, _facts(made, unit, point, case), point=point, case=case, said=said,
                     key=f"warranty-request:{made.id}", now=now)  # fmt: skip
    if email_id is None:
        raise NotAsked(_("The service point's e-mail address can't be written to; correct it."))
    made.email_id = email_id


def write_to_customer(
    crm: Installation, session: Session, made: WarrantyRequest, unit: Unit, point: ServicePoint, case: cases.Case,
    *, now: datetime,
) -> bool:  # fmt: skip
    """Tell the customer which service point was asked and how it is reached; False where nobody's address is known."""
    if not case.from_address:
        return False
    name = spoken(case.from_name)
    try:
        with letters.shop_context(crm) as facts:
            context = {**_facts(made, unit, point, case), "first_name": name.partition(" ")[0]}
            letter = letters.write(
                facts, template=TO_CUSTOMER, context=context, to_address=case.from_address, to_name=name
            )
            letter = replace(letter, sender=sender_of(session, crm.app.config, facts, team_id=case.team_id))
    except BadHeader:
        return False
    email_id = letters.post(
        session, letter, dedup_key=f"warranty-started:{made.id}", customer_id=case.customer_id,
        order_reference=case.order_reference or None, now=now,
    )  # fmt: skip
    if email_id is None:
        return False
    said = cases.Said(
        direction=cases.Direction.OUT, channel=cases.Channel.EMAIL, text=letter.words.text, automatic=True,
        message_id=session.get_one(Email, email_id).message_id, email_id=email_id,
    )  # fmt: skip
    cases.add_message(session, case, said, now=now)
    return True


def remind_silent(crm: Installation, *, now: datetime) -> int:
    """Remind service points that answered nothing; where that didn't help either, tell the desk. Returns how many.

    Nobody is reminded of a case that is solved or closed."""
    days = int(crm.app.config["ECRM_WARRANTY_SILENT_DAYS"])
    if days <= 0:
        return 0
    since = func.coalesce(WarrantyRequest.reminded_at, WarrantyRequest.asked_at)
    silent = (
        select(WarrantyRequest.id)
        .join(cases.Case, cases.Case.id == WarrantyRequest.case_id)
        .where(
            WarrantyRequest.state == RequestState.SENT, WarrantyRequest.reminders < NOTICED,
            since <= now - timedelta(days=days), WarrantyRequest.asked_at > now - LONGEST_AGO,
            cases.Case.state.not_in(_OVER) | cases.Case.merged_into.is_not(None),
        )
    )  # fmt: skip
    with crm.sessions() as session:
        waiting = session.scalars(silent.order_by(WarrantyRequest.id).limit(200)).all()
    noticed = 0
    for request_id in waiting:
        with crm.sessions.begin() as session:
            noticed += _notice(crm, session, request_id, now=now)
    return noticed


def _notice(crm: Installation, session: Session, request_id: int, *, now: datetime) -> bool:
    made = session.get_one(WarrantyRequest, request_id)
    case = cases.final(session, session.get_one(cases.Case, made.case_id))
    if case.state in _OVER:
        return False
    before = made.reminders
    taken: Any = session.execute(
        update(WarrantyRequest)
        .where(
            WarrantyRequest.id == request_id,
            WarrantyRequest.reminders == before,
            WarrantyRequest.state == RequestState.SENT,
        )
        .values(reminders=before + 1, reminded_at=now)
    )
    if taken.rowcount != 1:
        return False
    unit, point = session.get_one(Unit, made.unit_id), session.get_one(ServicePoint, made.point_id)
    if case.erased_at is not None or _answered(session, case, made):
        return False
    if before == 0:
        said = _("%(point)s hasn't answered: reminded.", point=point.name)
        sent = _post(crm, session, REMINDER, _facts(made, unit, point, case), point=point, case=case, said=said,
                     key=f"warranty-reminder:{made.id}", now=now)  # fmt: skip
        if sent is not None:
            return True
    words = _("%(point)s still hasn't answered. Call them: %(phone)s", point=point.name,
              phone=point.phone or _("no number is on file"))  # fmt: skip
    note = cases.Said(direction=cases.Direction.NOTE, text=words, automatic=True)
    cases.add_message(session, case, note, now=now)
    if case.state == cases.State.WAITING:
        cases.change(session, case, cases.Changes(state=cases.State.OPEN), by=None, now=now)
    return True


def _answered(session: Session, case: cases.Case, made: WarrantyRequest) -> bool:
    """Somebody there wrote, which is for staff to read: what became of the request is noted there. A machine of
    theirs that answers is no answer."""
    wrote = select(cases.CaseMessage.id).where(
        cases.CaseMessage.case_id == case.id, cases.CaseMessage.from_workshop.is_(True),
        cases.CaseMessage.automatic.is_(False), cases.CaseMessage.at >= made.asked_at,
    )  # fmt: skip
    return session.scalar(wrote.limit(1)) is not None


def _facts(made: WarrantyRequest, unit: Unit, point: ServicePoint, case: cases.Case) -> dict[str, Any]:
    return {"unit": unit, "words": made.words, "reference": case.reference, "point": point, "asked_at": made.asked_at}


def _post(
    crm: Installation, session: Session, template: str, context: Mapping[str, Any], *, point: ServicePoint,
    case: cases.Case, said: str, key: str, now: datetime,
) -> int | None:  # fmt: skip
    """A letter to the service point, and its note on the case; None where it can't be written to."""
    try:
        with letters.shop_context(crm) as facts:
            letter = letters.write(
                facts, template=template, context=context, to_address=point.email, to_name=point.name
            )
            letter = replace(letter, sender=sender_of(session, crm.app.config, facts, team_id=case.team_id))
    except BadHeader:
        return None
    email_id = letters.post(session, letter, dedup_key=key, now=now)
    if email_id is None:
        return None
    note = cases.Said(
        direction=cases.Direction.NOTE, channel=cases.Channel.EMAIL, text=said, automatic=True,
        message_id=session.get_one(Email, email_id).message_id, email_id=email_id,
    )  # fmt: skip
    cases.add_message(session, case, note, now=now)
    return email_id
