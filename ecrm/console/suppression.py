"""Held back: mailboxes that must not be written to, pauses of marketing, and what mail servers and people say of us."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Response, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from ecrm.access.audit import Action, record
from ecrm.access.roles import Permission, may, needs, signed_in_staff
from ecrm.installation import installation
from ecrm.mailboxes import address_hash, contact_for
from ecrm.service.lookup import masked
from ecrm.wording import gettext as _
from ecrm.wording import ngettext
from mailer import suppression_list
from mailer.addressing import BadHeader, Mailbox
from mailer.pausing import release, standing_pauses
from mailer.reputation import reputation
from mailer.suppression import Reason, Scope, lift, suppress

from .blueprint import console
from .queries import LARGEST, number_arg, text_arg
from .spreadsheets import csv_response

PAGE = 50
LONGEST_LIST = 3_000_000


@console.get("/held-back")
@needs(Permission.EMAILS)
def suppression() -> str:
    """The newest entries, the pauses, and the sender's name."""
    return _page()


@console.post("/held-back/find")
@needs(Permission.CUSTOMERS)
def find_suppression() -> str | tuple[str, int]:
    """Look an address up; by POST, so that addresses stand in no log, and written into the audit."""
    address = _address()
    if address is None:
        return _page(problem=_("That is no e-mail address. Please look it over."), asked=text_arg("address")), 422
    crm, now = installation(), datetime.now(UTC)
    with crm.sessions.begin() as session:
        found = suppression_list.find(session, address, hashed=address_hash())
        record(session, signed_in_staff(), Action.SUPPRESSION_SEARCHED, subject=masked(address), now=now)
    return _page(found=found, asked=address)


@console.post("/held-back/add")
@needs(Permission.CUSTOMERS)
def add_suppression() -> AnyResponse | tuple[str, int]:
    """Put an address on the list."""
    address, note = _address(), text_arg("note")
    everything = text_arg("scope") == "everything"
    if address is None or not note:
        problem = _("Say which address, and why: the reason is kept.")
        return _page(problem=problem, asked=text_arg("address", longest=254)), 422
    now = datetime.now(UTC)
    with installation().sessions.begin() as session:
        contact = contact_for(session, address, now=now)
        scope = Scope.EVERYTHING if everything else Scope.MARKETING
        added = suppress(session, contact.id, reason=Reason.MANUAL, scope=scope, now=now, note=note)
        record(session, signed_in_staff(), Action.SUPPRESSED, subject=f"contact:{contact.id}", reason=note, now=now)
    flash(_("The mailbox is on the list now.") if added else _("It was on the list before."))
    return redirect(url_for("console.suppression"), 303)


@console.post("/held-back/lift")
@needs(Permission.CUSTOMERS)
def lift_suppression() -> AnyResponse | tuple[str, int]:
    """Take an address off the list, with a reason. What the person agreed to stays as it was."""
    address, note = _address(), text_arg("note")
    if address is None or not note:
        problem = _("Say why the mailbox may be written to again: the reason is kept.")
        return _page(problem=problem, asked=text_arg("address", longest=254)), 422
    now = datetime.now(UTC)
    with installation().sessions.begin() as session:
        found = suppression_list.find(session, address, hashed=address_hash())
        loose = [one.id for one in found.entries if one.contact_id is None]
        suppression_list.lift_hashes(session, loose, now=now)
        ended = len(loose) + (lift(session, found.contact_id, now=now) if found.contact_id is not None else 0)
        subject = f"contact:{found.contact_id}" if found.contact_id is not None else masked(address)
        record(session, signed_in_staff(), Action.SUPPRESSION_LIFTED, subject=subject, reason=note, now=now)
    flash(ngettext("One entry was lifted.", "%(num)s entries were lifted.", ended) if ended else _("Nothing stood."))
    return redirect(url_for("console.suppression"), 303)


@console.post("/held-back/import")
@needs(Permission.CUSTOMERS)
def import_suppressions() -> AnyResponse | str | tuple[str, int]:
    """First says what a list would do; writes it when that is confirmed."""
    request.max_content_length = LONGEST_LIST
    request.max_form_memory_size = LONGEST_LIST
    upload = request.files.get("file")
    text = upload.read().decode("utf-8", "replace") if upload and upload.filename else request.form.get("list", "")
    text, write, now = text.replace("\x00", ""), "write" in request.form, datetime.now(UTC)
    if not text.strip():
        return _page(problem=_("Choose a file, or paste a list: one address or hash a line.")), 422
    sessions, staff = installation().sessions, signed_in_staff()
    note = _("import by %(name)s", name=staff.name)
    try:
        report = suppression_list.take_list(sessions, text, hashed=address_hash(), note=note, now=now, write=write)
    except suppression_list.TooManyLines as many:
        words = _(
            "The list has %(lines)s lines, and %(most)s are taken at once. Cut it into parts; nothing was done yet.",
            lines=many, most=suppression_list.MOST_LINES,
        )  # fmt: skip
        return _page(problem=words), 422
    if write:
        with sessions.begin() as session:
            record(
                session, staff, Action.SUPPRESSIONS_IMPORTED, now=now,
                reason=f"{report.added} added, {report.there} there before, {report.unreadable} unreadable",
            )  # fmt: skip
    if not write:
        return _page(checked=report, listed=text)
    flash(ngettext("One mailbox was added to the list.", "%(num)s mailboxes were added to the list.", report.added))
    return redirect(url_for("console.suppression"), 303)


@console.post("/held-back/export")
@needs(Permission.CUSTOMERS)
def export_suppressions() -> Response:
    """Every standing entry as a keyed hash."""
    with installation().sessions.begin() as session:
        rows = list(suppression_list.hashes(session, hashed=address_hash()))
        record(session, signed_in_staff(), Action.SUPPRESSIONS_EXPORTED, reason=str(len(rows)), now=datetime.now(UTC))
    lines = [(one, reason, Scope(scope).name.lower(), at.date()) for one, reason, scope, at in rows]
    return csv_response([("hash", "reason", "scope", "since"), *lines], filename="suppression-list.csv")


@console.post(f"/held-back/pauses/<int(max={LARGEST}):pause_id>/release")
@needs(Permission.CAMPAIGNS)
def release_pause(pause_id: int) -> AnyResponse:
    """Let go on what paused by itself; what happened until now isn't held against it again."""
    now, staff = datetime.now(UTC), signed_in_staff()
    if "sure" not in request.form:
        abort(400, _("Tick that you have looked at the cause, and press the button again."))
    with installation().sessions.begin() as session:
        released = release(session, pause_id, by=staff.name, now=now)
        if released:
            record(session, staff, Action.PAUSE_RELEASED, subject=f"pause:{pause_id}", now=now)
    flash(_("It goes on.") if released else _("It went on before; somebody else was faster."))
    return redirect(url_for("console.suppression"), 303)


def _address() -> str | None:
    try:
        return Mailbox("", text_arg("address", longest=254)).address
    except BadHeader:
        return None


def _page(**more: object) -> str:
    before = number_arg("before") if request.method == "GET" else None
    with installation().sessions() as session:
        rows = suppression_list.latest(session, limit=PAGE + 1, before=before)
        context = {"pauses": standing_pauses(session), "reputation": reputation(session, now=datetime.now(UTC))}
    sees = may(signed_in_staff(), Permission.CUSTOMERS)
    shown = [(entry, address if sees else masked(address)) for entry, address in rows[:PAGE]]
    blank = {"found": None, "asked": "", "problem": "", "checked": None, "listed": ""}
    return render_template(
        "ecrm/console/suppression.html",
        **(blank | context | more), entries=shown, more=rows[PAGE - 1][0].id if len(rows) > PAGE else None,
        reasons=reason_words(), manages=sees,
    )  # fmt: skip


def reason_words() -> dict[str, str]:
    """Why a mailbox is on the list, in words."""
    return {
        Reason.HARD_BOUNCE: _("isn't there"),
        Reason.SOFT_BOUNCES: _("came back five times"),
        Reason.COMPLAINT: _("complained"),
        Reason.UNSUBSCRIBED: _("unsubscribed"),
        Reason.MANUAL: _("by hand"),
        Reason.IMPORTED: _("imported"),
    }
