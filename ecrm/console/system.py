"""System: what runs when and how it went, what waits, and what was given up and needs a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.doctoring import examine_and_note, last_examined
from ecrm.installation import installation
from ecrm.job_runs import JobRun
from ecrm.service import queues
from ecrm.timetable import TIMETABLE, Job
from ecrm.wording import gettext as _
from ecrm.wording import ngettext
from mailer.doctor.resolving import DnsResolver, NotInstalled
from mailer.outbox import State
from mailer.pausing import standing_pauses
from tracking.clickstream.put_aside import how_many_aside

from .blueprint import console
from .queries import LARGEST

TROUBLED_SHOWN = 50
RUNS_SHOWN = 20
PATIENCE = timedelta(minutes=10)
"""What waits longer than this past its time is marked: nobody seems to run the timetable."""


@dataclass(frozen=True)
class Planned:
    """A job of the timetable with its latest run; the ones that run every few seconds keep no record."""

    job: Job
    last: JobRun | None


@console.get("/system")
@needs(Permission.SYSTEM)
def system() -> str:
    """The state of the machinery."""
    crm = installation()
    with crm.sessions() as session:
        runs = session.scalars(select(JobRun).order_by(JobRun.id.desc()).limit(RUNS_SHOWN)).all()
        latest = {job.name: _latest(session, job) for job in TIMETABLE if job.once}
        return render_template(
            "ecrm/console/system.html",
            planned=[Planned(job, latest.get(job.name)) for job in TIMETABLE],
            runs=runs,
            pending=queues.pending_reactions(session),
            given_up=queues.given_up_reactions(session),
            queued=queues.emails(session, State.QUEUED),
            failed=queues.emails(session, State.FAILED),
            unknown=queues.emails(session, State.UNKNOWN),
            troubled=queues.troubled_reactions(session, limit=TROUBLED_SHOWN),
            writer=crm.writer.figures,
            put_aside=how_many_aside(session),
            examined=last_examined(session),
            pauses=standing_pauses(session),
            now=datetime.now(UTC),
            patience=PATIENCE,
        )


@console.post(f"/system/reactions/<int(max={LARGEST}):reaction_id>/retry")
@needs(Permission.SYSTEM)
def retry_reaction(reaction_id: int) -> Response:
    """Give one reaction a second chance."""
    return _retried(reaction_id)


@console.post("/system/mail")
@needs(Permission.SYSTEM)
def examine_mail() -> str | tuple[str, int]:
    """Ask DNS and mail server now, and show what they say."""
    try:
        resolver = DnsResolver(patience=2.0)
    except NotInstalled as missing:
        return render_template("ecrm/console/mail_doctor.html", findings=[], problem=str(missing)), 503
    findings = examine_and_note(installation(), resolver=resolver, now=datetime.now(UTC))
    return render_template("ecrm/console/mail_doctor.html", findings=findings, problem="")


@console.post("/system/reactions/retry")
@needs(Permission.SYSTEM)
def retry_all_reactions() -> Response:
    """Give all given-up reactions a second chance."""
    if "all" not in request.form:
        abort(400, _("Press the button “Try all again” to send this form."))
    return _retried(None)


def _retried(reaction_id: int | None) -> Response:
    now = datetime.now(UTC)
    with installation().sessions.begin() as session:
        count = queues.retry(session, reaction_id, now=now)
        if count:
            subject = f"reaction:{reaction_id}" if reaction_id is not None else f"reactions:{count}"
            record(session, signed_in_staff(), Action.REACTION_RETRIED, subject=subject, now=now)
    if count:
        flash(ngettext("One reaction is tried again.", "%(num)s reactions are tried again.", count))
    else:
        flash(_("Nothing was given up here any more; somebody else was faster."))
    return redirect(url_for("console.system"), 303)


def _latest(session: Session, job: Job) -> JobRun | None:
    runs = select(JobRun).where(JobRun.job == job.name)
    return session.scalar(runs.order_by(JobRun.slot.desc()).limit(1))
