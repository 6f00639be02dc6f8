"""Put aside: letters to the desk that became no case, with the reason; a person decides."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import flash, redirect, render_template, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record, record_look
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.installation import installation
from ecrm.service import inbound_mail
from ecrm.service.cases import Case
from ecrm.service.inbound_mail import InboundMail
from ecrm.service.intake import digest
from ecrm.wording import gettext as _
from mailer.inbound.reading import read

from .blueprint import console
from .queries import LARGEST, number_arg

PAGE = 50
_SHOWN = 20_000


@console.get("/cases/put-aside")
@needs(Permission.CASES)
def put_aside() -> str:
    """What waits, the newest first."""
    with installation().sessions() as session:
        rows = inbound_mail.waiting(session, limit=PAGE + 1, before_id=number_arg("before"))
        count = inbound_mail.count_waiting(session)
    more = rows[PAGE - 1].id if len(rows) > PAGE else None
    return render_template("ecrm/console/put_aside.html", letters=rows[:PAGE], more=more, count=count)


@console.get(f"/cases/put-aside/<int(max={LARGEST}):mail_id>")
@needs(Permission.CASES)
def put_aside_letter(mail_id: int) -> str:
    """What it says, as safe text; that somebody read it is recorded first."""
    with installation().sessions.begin() as session:
        mail = session.get(InboundMail, mail_id)
        if mail is None or mail.state not in inbound_mail.WAITING:
            raise _gone()
        record_look(
            session, signed_in_staff(), Action.EMAIL_READ, subject=f"letter:{mail_id}", reason=_("put aside"),
            now=datetime.now(UTC),
        )  # fmt: skip
        raw = mail.message
        session.flush()  # the look, before what it was about is let go
        session.expunge(mail)
    letter = read(raw, whole=not mail.ended_processes) if raw is not None else None
    return render_template("ecrm/console/put_aside_letter.html", mail=mail, letter=letter, most=_SHOWN)


@console.post(f"/cases/put-aside/<int(max={LARGEST}):mail_id>/case")
@needs(Permission.CASES)
def make_case_of_letter(mail_id: int) -> Response:
    """A case of it, as if nothing had spoken against it."""
    crm, now = installation(), datetime.now(UTC)
    became = digest(crm, mail_id, now=now, forced=True)
    with crm.sessions.begin() as session:
        mail = session.get(InboundMail, mail_id)
        if mail is None:
            raise _gone()
        if became != "gone":
            record(
                session, signed_in_staff(), Action.CASES_CHANGED, subject=f"letter:{mail_id}", reason=became, now=now
            )  # fmt: skip
        case = session.get(Case, mail.case_id) if mail.case_id is not None else None
        reference, why = case.reference if case is not None else "", mail.why
    if reference:
        return redirect(url_for("console.case", reference=reference), 303)
    flash(
        _("It can't be made a case: %(why)s.", why=why) if why else _("Somebody was faster: it doesn't wait any more.")
    )
    return redirect(url_for("console.put_aside"), 303)


@console.post(f"/cases/put-aside/<int(max={LARGEST}):mail_id>/dismiss")
@needs(Permission.CASES)
def dismiss_letter(mail_id: int) -> Response:
    """Nothing is to become of it."""
    with installation().sessions.begin() as session:
        if session.get(InboundMail, mail_id) is None:
            raise _gone()
        if done := inbound_mail.dismiss(session, mail_id):
            record(
                session, signed_in_staff(), Action.CASES_CHANGED, subject=f"letter:{mail_id}", reason="dismissed",
                now=datetime.now(UTC),
            )  # fmt: skip
    flash(_("The letter is dismissed.") if done else _("Somebody was faster: it doesn't wait any more."))
    return redirect(url_for("console.put_aside"), 303)


def _gone() -> NotFound:
    return NotFound(_("This letter doesn't wait any more. Somebody may have made a case of it."))
