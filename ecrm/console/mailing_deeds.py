"""Start, take back, pause, go on and stop: each asks once more, with what it means, before it is done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.flow_shop import budget_of
from ecrm.installation import installation
from ecrm.mailing_checks import Reach, all_complaints, reach_of
from ecrm.wording import gettext as _
from ecrm.wording import moment, ngettext, number
from ecrm.writing.topic_words import topic_name
from mailer import mailings as domain
from mailer.mailings import Mailing, MailingState, variants_of

from .blueprint import console
from .mailing_forms import Refused, read_moment
from .mailings import ONE, mailing_or_404, rule_words

_DEED = f"{ONE}/<any(schedule,withdraw,pause,go_on,stop):deed>"
_FROM = {
    "schedule": (MailingState.DRAFT,), "withdraw": (MailingState.SCHEDULED,), "pause": (MailingState.RUNNING,),
    "go_on": (MailingState.PAUSED, MailingState.RUNNING),
    "stop": (MailingState.SCHEDULED, MailingState.RUNNING, MailingState.PAUSED),
}  # fmt: skip
_ACTIONS = {
    "schedule": Action.MAILING_SCHEDULED, "withdraw": Action.MAILING_WITHDRAWN, "pause": Action.MAILING_PAUSED,
    "go_on": Action.MAILING_RESUMED, "stop": Action.MAILING_STOPPED,
}  # fmt: skip


@console.get(_DEED)
@needs(Permission.CAMPAIGNS)
def confirm_mailing(mailing_id: int, deed: str) -> Response | str:
    """What it means, and the button."""
    return _asked(mailing_id, deed, {})


@console.post(_DEED)
@needs(Permission.CAMPAIGNS)
def do_with_mailing(mailing_id: int, deed: str) -> Response | tuple[str, int] | str:
    """Do it, unless somebody else did meanwhile."""
    now = datetime.now(UTC)
    try:
        with installation().sessions.begin() as session:
            row = mailing_or_404(session, mailing_id)
            if deed == "schedule" and all_complaints(installation(), session, mailing_id):
                flash(_("It can't be sent yet; below stands what is missing."))
                return redirect(url_for("console.mailing", mailing_id=mailing_id), 303)
            said = _done(session, row, deed, now)
            if said:
                record(session, signed_in_staff(), _ACTIONS[deed], subject=f"mailing:{mailing_id}", now=now)
    except Refused as refused:
        page = _asked(mailing_id, deed, refused.problems)
        return (page, 400) if isinstance(page, str) else page
    flash(said or _("Nothing was done: somebody was faster, or its state is another one by now."))
    return redirect(url_for("console.mailing", mailing_id=mailing_id), 303)


def _done(session: Session, row: Mailing, deed: str, now: datetime) -> str:
    """What was done, in words; empty where nothing was."""
    if deed == "schedule":
        at = read_moment(request.form.get("at", ""), now=now)
        if not domain.schedule(session, row.id, at=at, now=now):
            return ""
        return _("It begins within seconds.") if at <= now else _("It begins on %(at)s.", at=moment(at))
    if deed == "withdraw":
        return _("It is a draft again.") if domain.withdraw(session, row.id, now=now) else ""
    if deed == "pause":
        return _("It stands still until you let it go on.") if domain.pause(session, row.id, now=now) else ""
    if deed == "go_on":
        return _("It goes on.") if domain.go_on(session, row.id, by=signed_in_staff().name, now=now) else ""
    dropped = domain.stop(session, row.id, now=now)
    if dropped is None:
        return ""
    return _("It is stopped.") + " " + ngettext(
        "%(num)s e-mail that waited is dropped.", "%(num)s e-mails that waited are dropped.", dropped
    )  # fmt: skip


def _asked(mailing_id: int, deed: str, problems: dict[str, str]) -> Response | str:
    crm, now = installation(), datetime.now(UTC)
    with crm.sessions() as session:
        row = mailing_or_404(session, mailing_id)
        if row.state not in _FROM[deed]:
            flash(_("This can't be done with it any more."))
            return redirect(url_for("console.mailing", mailing_id=mailing_id), 303)
        if deed == "schedule" and all_complaints(crm, session, mailing_id):
            flash(_("It can't be sent yet; below stands what is missing."))
            return redirect(url_for("console.mailing", mailing_id=mailing_id), 303)
        reach: Reach | None = None
        if deed == "schedule":
            try:
                window = timedelta(days=crm.app.config["ECRM_IDENTITY_DAYS"])
                reach = reach_of(session, row, budget=budget_of(crm), now=now, window=window)
            except LookupError:
                flash(_("Its segment is no more; choose another one."))
                return redirect(url_for("console.mailing", mailing_id=mailing_id), 303)
        waiting = domain.counts(session, [mailing_id])[mailing_id]
        return render_template(
            "ecrm/console/mailing_confirm.html", mailing=row, deed=deed, words=_words(deed), problems=problems,
            reach=reach, waiting=sum(waiting.get(state, 0) for state in domain.WAITING), sent=waiting.get("sent", 0),
            variants=variants_of(session, mailing_id), rules=rule_words(), topic_name=topic_name, number=number,
            at=request.form.get("at", ""),
        )  # fmt: skip


def _words(deed: str) -> tuple[str, str, str]:
    """A heading, what it means, and the button."""
    return {
        "schedule": (
            _("Send this mailing?"),
            _("From its beginning on nothing in it can be changed. Whoever leaves meanwhile gets none."),
            _("Send it"),
        ),
        "withdraw": (_("Take it back?"), _("It becomes a draft again and is not sent."), _("Take it back")),
        "pause": (
            _("Pause this mailing?"),
            _("What isn't handed to the mail server at this moment waits until you let it go on."),
            _("Pause it"),
        ),
        "go_on": (_("Let it go on?"), _("What waits goes out."), _("Let it go on")),
        "stop": (
            _("Stop this mailing for good?"),
            _("What waits is dropped and can't be brought back. To interrupt it, pause it instead."),
            _("Stop it for good"),
        ),
    }[deed]
