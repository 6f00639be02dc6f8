"""The doubtful: only the mail server knows whether these e-mails arrived; and sending them again by decision."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.installation import installation
from ecrm.service.lookup import masked
from ecrm.wording import gettext as _
from mailer.outbox import Email, State, doubts_by_source, send_doubtful_again

from .blueprint import console
from .source_words import source_words

SHOWN = 100


@console.get("/emails/doubtful")
@needs(Permission.EMAILS)
def doubtful_emails() -> str:
    """By mailing and flow, with the newest one by one."""
    with installation().sessions() as session:
        groups = doubts_by_source(session)
        newest = select(Email).where(Email.state == State.UNKNOWN).order_by(Email.due_at.desc(), Email.id.desc())
        rows = session.scalars(newest.limit(SHOWN)).all()
        names = source_words(session, {group.source for group in groups} | {row.source for row in rows})
    return render_template(
        "ecrm/console/doubtful.html",
        groups=groups, emails=rows, names=names, number_in_all=sum(group.count for group in groups), masked=masked,
    )  # fmt: skip


@console.post("/emails/doubtful/send-again")
@needs(Permission.CAMPAIGNS)
def send_doubtful_emails_again() -> Response:
    """Those of one mailing or flow; what somebody waits for is decided one by one, on the e-mail's own page."""
    source, now = request.form.get("source", "")[:60], datetime.now(UTC)
    if not source or request.form.get("sure") != "yes":
        flash(_("Nothing was sent again: choose a mailing or flow, and say that you are sure."))
        return redirect(url_for("console.doubtful_emails"), 303)
    with installation().sessions.begin() as session:
        number = send_doubtful_again(session, source, now=now)
        if number:
            record(
                session, signed_in_staff(), Action.DOUBTFUL_SENT_AGAIN,
                subject=f"emails:{source}", reason=_("%(number)s doubtful e-mails", number=number), now=now,
            )  # fmt: skip
    if number:
        flash(_("%(number)s e-mails are queued again.", number=number))
    else:
        flash(_("None of these is in doubt any more."))
    return redirect(url_for("console.doubtful_emails"), 303)
