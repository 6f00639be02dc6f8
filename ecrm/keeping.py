"""Keeping: what the CRM keeps of past days, where, how long, and how somebody is forgotten before that.

The jobs `close-days` and `retain` and the commands of the same names; the work itself is in `tracking.clickstream`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update

from mailer import engagement
from tracking.clickstream.archive import ArchivedPart, bounds_of
from tracking.clickstream.archiving import archive_day, days_to_archive
from tracking.clickstream.closing import close_days as close_stretch
from tracking.clickstream.closing import close_month, months_to_close, stretches_to_close
from tracking.clickstream.erasure import Erased, erase_person, finish_erasure
from tracking.clickstream.event import Event
from tracking.clickstream.forgotten_days import forgotten_days, note_days_of_person, note_days_of_refunds
from tracking.clickstream.log import Log
from tracking.clickstream.recompute import Difference, at_one_moment, put_right, recompute
from tracking.clickstream.retention import forget_before
from tracking.clickstream.sheets import FAMILIES
from tracking.clickstream.sweeping import sweep
from tracking.customers import customers_by_email
from tracking.delivery import returns
from tracking.delivery.forgetting import forget_notes, forget_notes_before

from .access import audit
from .events import TOLD
from .installation import Installation
from .ledger import PendingReaction
from .marketing.attribution.forgetting import forget_touches
from .marketing.exposures import forget_exposures
from .marketing.recommended.forgetting import forget_clicks_before, forget_clicks_in_visits, forget_clicks_of
from .recommending.choices import forget_choices, forget_choices_of_nameless
from .service import calls, cases, inbound_mail, notes, offers_shown, warranty
from .storefront import Staff

TOLD_NAMES = frozenset(told.name for told in TOLD)


class NotKept(Exception):
    """Days can't be counted anew; the message says which can."""


class NotErasable(Exception):
    """Somebody can't be forgotten (yet); the message says why, and what to do."""


def close_days(crm: Installation) -> str:
    """Move the roll-ups of past days into sheets, and the steps of days long past into the archive.

    Raises:
        NotOurs: where the archive's folder is another database's; the sheets are made all the same.
    """
    today, zone = _today(crm)
    moved = 0
    for record in FAMILIES:
        with crm.sessions() as session:
            stretches = stretches_to_close(session, record, today - timedelta(days=1))
        for first, last in stretches:
            with crm.sessions.begin() as session:
                moved += close_stretch(session, record, first, last)
        with crm.sessions() as session:
            months = months_to_close(session, record, today - timedelta(days=1))
        for month in months:
            with crm.sessions.begin() as session:
                close_month(session, record, month)
    before = today - timedelta(days=int(crm.app.config["ECRM_ARCHIVE_AFTER_DAYS"]))
    with crm.sessions.begin() as session:
        swept = sweep(session, crm.archive, now=datetime.now(UTC))
    with crm.sessions() as session:
        days = days_to_archive(session, before=before, zone=zone, told=TOLD_NAMES)
    archived = sum(archive_day(crm.sessions, crm.archive, day, zone=zone, told=TOLD_NAMES) for day in days)
    report = f"{moved} rows of figures into sheets, {archived} steps of {len(days)} days into the archive"
    return f"{report}; {swept}" if any(swept) else report


def retain(crm: Installation) -> str:
    """Forget visitors' steps that are older than the shop keeps them."""
    today, zone = _today(crm)
    first_kept = today - timedelta(days=int(crm.app.config["ECRM_KEEP_EVENTS_DAYS"]))
    with crm.sessions.begin() as session:
        note_days_of_refunds(session, bounds_of(first_kept, zone)[0], zone=zone)
    forgotten = forget_before(crm.sessions, crm.archive, first_kept, zone=zone, told=TOLD_NAMES)
    window = timedelta(days=int(crm.app.config["ECRM_RECOMMENDATION_DAYS"]))
    with crm.sessions.begin() as session:  # also of younger orders whose clicks have just lost their visitor
        forget_clicks_before(session, bounds_of(first_kept, zone)[0] + window)
        forget_choices_of_nameless(session)
        engagement.forget_before(session, bounds_of(first_kept, zone)[0])
    _forget_mail(crm, bounds_of(today - timedelta(days=int(crm.app.config["ECRM_DESK_MAIL_DAYS"])), zone)[0])
    last = bounds_of(today - timedelta(days=int(crm.app.config["ECRM_KEEP_CASES_DAYS"])), zone)[0]
    with crm.sessions.begin() as session:
        calls.forget_before(session, last)
        returns.forget_words_before(session, last)
        notes.forget_before(session, last)
        offers_shown.forget_before(session, last)
        warranty.forget_before(session, last)
    _forget_scans(crm, last)
    emptied = some = _empty_cases(crm, last)
    while some:
        some = _empty_cases(crm, last)
        emptied += some
    return f"{forgotten}; {emptied} cases emptied" if emptied else str(forgotten)


def _forget_mail(crm: Installation, before: datetime) -> None:
    some = 1
    while some:
        with crm.sessions.begin() as session:
            some = inbound_mail.forget_before(session, before)


def _forget_scans(crm: Installation, before: datetime) -> None:
    after: int | None = 0
    while after is not None:
        with crm.sessions.begin() as session:
            after = forget_notes_before(session, before, after=after)


def _empty_cases(crm: Installation, before: datetime) -> int:
    with crm.sessions.begin() as session:
        return cases.forget_before(session, before, now=datetime.now(UTC))


def what_is_archived(crm: Installation) -> str:
    """Days, events and bytes of the archive, in words."""
    parts = (func.min(ArchivedPart.day), func.max(ArchivedPart.day), func.count(ArchivedPart.day.distinct()))
    with crm.sessions() as session:
        first, last, days = session.execute(select(*parts)).one()
        rows, size = session.execute(select(func.sum(ArchivedPart.rows), func.sum(ArchivedPart.size))).one()
    if not days:
        return f"Nothing is archived yet; the folder is {crm.archive.folder}."
    each = f"{int(size) / int(rows):.1f} a step"
    return (
        f"{rows} steps of {days} days ({first} to {last}) in {size} bytes, {each}; the folder is {crm.archive.folder}."
    )


def recount(crm: Installation, first: date, last: date, *, write: bool) -> Iterator[Difference]:
    """Every figure of these days that isn't what the raw log says, a week at a time; with `write` they are put right.

    Days that `not_recounted` names are left as they are.

    Raises:
        NotKept: where the steps of some of the days are gone, or the days aren't over.
    """
    today, zone = _today(crm)
    first_kept = today - timedelta(days=int(crm.app.config["ECRM_KEEP_EVENTS_DAYS"]))
    if not first_kept <= first <= last < today:
        raise NotKept(f"Only days from {first_kept} to {today - timedelta(days=1)} can be counted anew.")
    while first <= last:
        until = min(first + timedelta(days=6), last)
        with at_one_moment(crm.sessions) as session:
            found = recompute(session, Log(session, crm.archive), first, until, zone=zone)
        if write and found:
            with crm.sessions.begin() as session:
                put_right(session, found)
        yield from found
        first = until + timedelta(days=1)


def not_recounted(crm: Installation, first: date, last: date) -> list[date]:
    """The days that `recount` leaves out, as somebody was erased who stays counted there."""
    with crm.sessions() as session:
        return forgotten_days(session, first, last)


def erase_events(crm: Installation, email: str, *, reason: str, staff: Staff) -> Erased:
    """Take everything that the customers of this address did out of database and archive, and write down who asked.

    Raises:
        NotErasable: where nobody has this address, or the CRM still owes them reactions.
    """
    with crm.sessions.begin() as session:
        customers = [customer.id for customer in customers_by_email(session, email)]
        if not customers:
            raise NotErasable("Nobody is known by this address.")
        owed = (
            select(func.count())
            .select_from(PendingReaction)
            .join(Event, Event.id == PendingReaction.event_id)
            .where(Event.customer_id.in_(customers), PendingReaction.state != "done")
        )
        if waiting := session.scalar(owed):
            raise NotErasable(
                f"{waiting} reactions to what they did are still owed. Run `flask ecrm run react`, or look at the "
                "console's page System for those that were given up; then erase again."
            )
        today, zone = _today(crm)
        theirs = select(Event.id).where(Event.customer_id.in_(customers))
        session.execute(  # what went wrong is told in the words of what was done
            update(PendingReaction).where(PendingReaction.event_id.in_(theirs)).values(last_error="")
        )
        for customer in customers:
            note_days_of_person(session, customer, today=today, zone=zone)
            forget_choices(session, customer)  # these two while claims and visits still say where they were
            forget_clicks_in_visits(session, customer)
        erased = [erase_person(session, crm.archive, customer, told=TOLD_NAMES) for customer in customers]
        for customer in customers:
            forget_exposures(session, customer)
            forget_notes(session, customer)
            forget_touches(session, customer)
            forget_clicks_of(session, customer)
            audit.record(
                session, staff, audit.Action.EVENTS_ERASED,
                subject=f"customer:{customer}", reason=reason, now=datetime.now(UTC),
            )  # fmt: skip
        forget_choices_of_nameless(session)  # made while this ran
    for one in erased:
        finish_erasure(crm.archive, one)
    return Erased(
        events=sum(one.events for one in erased),
        archived=sum(one.archived for one in erased),
        emptied=sum(one.emptied for one in erased),
        browsers=sum(one.browsers for one in erased),
        files=(),
    )


def _today(crm: Installation) -> tuple[date, str]:
    zone = crm.storefront.facts().time_zone
    return datetime.now(ZoneInfo(zone)).date(), zone
