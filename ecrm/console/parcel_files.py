"""Enter many: a file of tracking numbers is uploaded, looked through row by row, and entered as it was shown."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from flask import flash, redirect, render_template, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.acting import NotActed, acting, can
from ecrm.installation import installation
from ecrm.marketing.imports.export import Unreadable
from ecrm.marketing.imports.uploads import Upload, content_of, summarise, take
from ecrm.parcel_files import Row, plan, read_file
from ecrm.row_files import Does
from ecrm.wording import gettext as _

from .blueprint import console
from .row_uploads import MAX_BYTES, NotTaken, take_upload, waiting_upload

KIND = "parcels"
SHOWN = 500


@console.get("/deliveries/many")
@needs(Permission.DELIVERIES)
def many_parcels() -> str:
    """The upload, and what a file looks like."""
    return _page()


@console.post("/deliveries/many")
@needs(Permission.DELIVERIES)
def upload_parcels() -> Response | tuple[str, int]:
    """Keep the file, if anything of it can be read, and show what it would do."""
    if not can(installation().storefront, "ship"):
        return _page(_("Your shop doesn't let the console send parcels. Send them on its own pages.")), 409
    try:
        token = take_upload(KIND, read_file)
    except NotTaken as problem:
        return _page(str(problem)), 400
    return redirect(url_for("console.check_parcels", token=token), 303)


@console.get("/deliveries/many/<token>")
@needs(Permission.DELIVERIES)
def check_parcels(token: str) -> str:
    """The dry run: what each row would do, and what is wrong with it."""
    return _check_page(waiting_upload(KIND, token))


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
    upload = waiting_upload(KIND, token)
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
            acting(crm.storefront, "ship").ship(
                row.order, carrier=row.carrier, tracking_number=row.number, lines=row.pieces, now=now
            )
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


def _page(problem: str = "") -> str:
    return render_template("ecrm/console/parcels_many.html", problem=problem, megabytes=MAX_BYTES // 1_000_000)
