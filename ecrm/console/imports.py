"""Imports: a file is uploaded, looked through row by row, and written only as it was shown."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Response, flash, g, redirect, render_template, request, url_for
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import BadRequest, NotFound, RequestEntityTooLarge
from werkzeug.wrappers import Response as BaseResponse

from ecrm.access.audit import Action, record
from ecrm.access.roles import Permission, may, needs, present_staff, signed_in_staff
from ecrm.installation import installation
from ecrm.marketing.imports.cost_import import Moved
from ecrm.marketing.imports.export import Unreadable
from ecrm.marketing.imports.uploads import MAX_BYTES, Upload, content_of, keep, summarise, take, waiting, written
from ecrm.wording import gettext as _

from .blueprint import console
from .import_kinds import KINDS, Check, check, kinds, write_checked
from .parcel_files import KIND as PARCELS
from .spreadsheets import csv_response
from .unit_files import KIND as UNITS

SHOWN_REFUSALS = 200
SHOWN_IMPORTS = 20
_FORM_ROOM = 100_000  # bytes, beside the file


@console.url_value_preprocessor
def _let_files_in(endpoint: str | None, _values: dict[str, object] | None) -> None:
    """Exports are larger than the host's limit for forms; who may import them may send them."""
    # Here, since the check of the form's token reads the body before any view could raise the limit.
    if endpoint == "console.upload_import" and (staff := present_staff()) and may(staff, Permission.CAMPAIGNS):
        request.max_content_length, g.most_bytes = MAX_BYTES + _FORM_ROOM, MAX_BYTES


@console.get("/imports")
@needs(Permission.CAMPAIGNS)
def imports() -> str:
    """The upload, and what was imported so far."""
    return _page()


@console.post("/imports")
@needs(Permission.CAMPAIGNS)
def upload_import() -> BaseResponse | tuple[str, int]:
    """Keep the file, if anything of it can be read, and show what it would do."""
    file, kind = request.files.get("file"), request.form.get("kind", "")
    if kind not in KINDS:
        return _page(_("Choose what the file is."), kind=""), 400
    if file is None or not file.filename:
        return _page(_("Choose a file."), kind=kind), 400
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise RequestEntityTooLarge
    now = datetime.now(UTC)
    try:
        span = KINDS[kind].span_of(request.form)
        with installation().sessions.begin() as session:
            check(session, kind=kind, content=content, span=span)
            stored = KINDS[kind].with_span(span)
            row = keep(session, content, kind=stored, name=file.filename, by=signed_in_staff().name, now=now)
            token = row.token
    except Unreadable as error:
        return _page(str(error), kind=kind), 400
    return redirect(url_for("console.check_import", token=token), 303)


@console.get("/imports/<token>")
@needs(Permission.CAMPAIGNS)
def check_import(token: str) -> str:
    """The dry run: what would be written, and every row that can't be taken."""
    return _check_page(token)


@console.get("/imports/<token>/refused.csv")
@needs(Permission.CAMPAIGNS)
def refused_rows(token: str) -> Response:
    """All rows that can't be taken, for whoever mends the file."""
    _upload, checked = _checked(token)
    return csv_response([("line", "why"), *checked.refused], filename="refused-rows.csv")


@console.post("/imports/<token>/write")
@needs(Permission.CAMPAIGNS)
def write_import(token: str) -> BaseResponse | tuple[str, int]:
    """Write the file as it was shown, or show it again where that is something else by now."""
    now, staff = datetime.now(UTC), signed_in_staff()
    try:
        with installation().sessions.begin() as session:
            upload = _waiting(token)
            if not take(session, upload, now=now):
                flash(_("This file was written before."))
                return redirect(url_for("console.imports"), 303)
            words = write_checked(
                session, stored_kind=upload.kind, content=content_of(upload), form=request.form, by=staff.name, now=now
            )  # fmt: skip
            summarise(session, upload, words)
            record(session, staff, Action.COSTS_CHANGED, subject=f"import:{upload.id}", now=now)
    except (Moved, IntegrityError):
        return _check_page(token, _("Meanwhile something else was written. Look through the file again.")), 409
    except ValueError as error:
        return _check_page(token, str(error)), 400
    flash(_("Imported: %(what)s", what=words))
    return redirect(url_for("console.imports"), 303)


@console.post("/imports/<token>/forget")
@needs(Permission.CAMPAIGNS)
def forget_import(token: str) -> BaseResponse:
    """Throw an upload away."""
    with installation().sessions.begin() as session:
        upload = waiting(session, token[:64], now=datetime.now(UTC))
        if upload is not None:
            session.delete(upload)
    flash(_("The file is thrown away; nothing was written."))
    return redirect(url_for("console.imports"), 303)


def _page(problem: str = "", *, kind: str = "") -> str:
    with installation().sessions() as session:
        done = written(session, limit=SHOWN_IMPORTS, other_than=(PARCELS, UNITS))
    return render_template(
        "ecrm/console/imports.html", problem=problem, kind=kind, kinds=kinds(), done=done,
        label_of=lambda stored: KINDS[stored.partition(" ")[0]].label, megabytes=MAX_BYTES // 1_000_000,
    )  # fmt: skip


def _check_page(token: str, problem: str = "") -> str:
    upload, checked = _checked(token)
    return render_template(
        "ecrm/console/import_check.html", upload=upload, checked=checked, problem=problem,
        refused=checked.refused[:SHOWN_REFUSALS], more_refused=max(len(checked.refused) - SHOWN_REFUSALS, 0),
    )  # fmt: skip


def _checked(token: str) -> tuple[Upload, Check]:
    upload = _waiting(token)
    kind, _space, span = upload.kind.partition(" ")
    with installation().sessions() as session:
        try:
            return upload, check(session, kind=kind, content=content_of(upload), span=KINDS[kind].read_span(span))
        except Unreadable as error:  # what was readable yesterday may lie in another currency today
            raise BadRequest(str(error)) from None


def _waiting(token: str) -> Upload:
    with installation().sessions() as session:
        upload = waiting(session, token[:64], now=datetime.now(UTC))
        if upload is None or upload.kind.partition(" ")[0] not in KINDS:
            raise NotFound(_("This file was written or thrown away, or has waited for more than a day."))
        content_of(upload)  # read while the session lasts
    return upload
