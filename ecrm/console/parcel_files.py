"""Enter many: a file of tracking numbers is uploaded, looked through row by row, and entered as it was shown."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest, NotFound, RequestEntityTooLarge
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record
from ecrm.access.roles import Permission, may, needs, present_staff, signed_in_staff
from ecrm.acting import NotActed, can, ship
from ecrm.installation import installation
from ecrm.marketing.imports.export import Unreadable
from ecrm.marketing.imports.uploads import Upload, content_of, keep, summarise, take, waiting
from ecrm.parcel_files import Does, Row, plan, read_file
from ecrm.wording import gettext as _

from .blueprint import console

KIND = "parcels"
MAX_BYTES = 3_000_000
SHOWN = 500
_FORM_ROOM = 100_000  # bytes, beside the file


@console.url_value_preprocessor
def _let_files_in(endpoint: str | None, _values: dict[str, object] | None) -> None:
    """Here, since the check of the form's token reads the body before any view could raise the host's limit."""
    if endpoint == "console.upload_parcels" and (staff := present_staff()) and may(staff, Permission.DELIVERIES):
        request.max_content_length = MAX_BYTES + _FORM_ROOM


@console.get("/deliveries/many")
@needs(Permission.DELIVERIES)
def many_parcels() -> str:
    """The upload, and what a file looks like."""
    return _page()


@console.post("/deliveries/many")
@needs(Permission.DELIVERIES)
def upload_parcels() -> Response | tuple[str, int]:
    """Keep the file, if anything of it can be read, and show what it would do."""
    crm, file = installation(), request.files.get("file")
    if not can(crm.storefront, "ship"):
        return _page(_("Your shop doesn't let the console send parcels. Send them on its own pages.")), 409
    if file is None or not file.filename:
        return _page(_("Choose a file.")), 400
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise RequestEntityTooLarge
    try:
        if not read_file(content).rows:
            return _page(_("The file has headings and no rows.")), 400
    except Unreadable as error:
        return _page(str(error)), 400
    with crm.sessions.begin() as session:
        row = keep(session, content, kind=KIND, name=file.filename, by=signed_in_staff().name, now=datetime.now(UTC))
        token = row.token
    return redirect(url_for("console.check_parcels", token=token), 303)


@console.get("/deliveries/many/<token>")
@needs(Permission.DELIVERIES)
def check_parcels(token: str) -> str:
    """The dry run: what each row would do, and what is wrong with it."""
    return _check_page(_waiting(token))


def _check_page(upload: Upload) -> str:
    rows = _planned(upload)
    counts = Counter(row.does for row in rows)
    return render_template(
        "ecrm/console/parcel_file.html", upload=upload, rows=sorted(rows, key=_wrong_first)[:SHOWN], counts=counts,
        hidden=max(len(rows) - SHOWN, 0), Does=Does,
    )  # fmt: skip


@console.post("/deliveries/many/<token>")
@needs(Permission.DELIVERIES)
def enter_parcels(token: str) -> Response | tuple[str, int]:
    """Enter the rows that can be. The shop has the last word on each; the same file again changes nothing."""
    crm, staff, now = installation(), signed_in_staff(), datetime.now(UTC)
    upload = _waiting(token)
    rows = [row for row in _planned(upload) if row.does == Does.SEND]
    if not rows:
        return _check_page(upload), 409
    with crm.sessions.begin() as session:  # before the shop is asked, whose transactions are its own
        if not take(session, upload, now=now):
            flash(_("This file was entered before."))
            return redirect(url_for("console.deliveries"), 303)
        record(session, staff, Action.PARCELS_ENTERED, subject=f"import:{upload.id}", now=now)
    refused: list[tuple[Row, str]] = []
    for row in rows:
        try:
            ship(crm.storefront, row.order, carrier=row.carrier, tracking_number=row.number, lines=row.pieces, now=now)
        except NotActed as problem:
            refused.append((row, str(problem)))
    words = _(
        "%(done)d parcels sent, %(refused)d refused by the shop", done=len(rows) - len(refused), refused=len(refused)
    )
    with crm.sessions.begin() as session:
        summarise(session, upload, words)
    if refused:
        return render_template("ecrm/console/parcels_refused.html", refused=refused, words=words), 409
    flash(words)
    return redirect(url_for("console.deliveries"), 303)


def _wrong_first(row: Row) -> tuple[bool, int]:
    return row.does != Does.WRONG, row.line


def _planned(upload: Upload) -> list[Row]:
    with installation().sessions() as session:
        try:
            return plan(session, read_file(content_of(upload)))
        except Unreadable as error:
            raise BadRequest(str(error)) from None


def _waiting(token: str) -> Upload:
    with installation().sessions() as session:
        upload = waiting(session, token[:64], now=datetime.now(UTC))
        if upload is None or upload.kind != KIND:
            raise NotFound(_("This file isn't waiting any more: it was entered, thrown away, or is older than a day."))
        content_of(upload)  # deferred; read while the session is open
        return upload


def _page(problem: str = "") -> str:
    return render_template("ecrm/console/parcels_many.html", problem=problem, megabytes=MAX_BYTES // 1_000_000)
