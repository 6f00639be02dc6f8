"""Enter many: a file of tracking numbers is uploaded, looked through row by row, and entered as it was shown."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.acting import NotActed, acting, can
from ecrm.installation import installation
from ecrm.marketing.imports.uploads import Upload, summarise, take
from ecrm.parcel_files import Row, plan, read_file
from ecrm.row_files import Does
from ecrm.wording import gettext as _

from .blueprint import console
from .row_uploads import NotTaken, check_page, table_of, take_upload, upload_page, waiting_upload

KIND = "parcels"
_FORM, _CHECK = "ecrm/console/parcels_many.html", "ecrm/console/parcel_file.html"


@console.get("/deliveries/many")
@needs(Permission.DELIVERIES)
def many_parcels() -> str:
    """The upload, and what a file looks like."""
    return upload_page(_FORM)


@console.post("/deliveries/many")
@needs(Permission.DELIVERIES)
def upload_parcels() -> Response | tuple[str, int]:
    """Keep the file, if anything of it can be read, and show what it would do."""
    if not can(installation().storefront, "ship"):
        return upload_page(_FORM, _("Your shop doesn't let the console send parcels. Send them on its own pages.")), 409
    try:
        token = take_upload(KIND, read_file)
    except NotTaken as problem:
        return upload_page(_FORM, str(problem)), 400
    return redirect(url_for("console.check_parcels", token=token), 303)


@console.get("/deliveries/many/<token>")
@needs(Permission.DELIVERIES)
def check_parcels(token: str) -> str:
    """The dry run: what each row would do, and what is wrong with it."""
    upload = waiting_upload(KIND, token)
    return check_page(_CHECK, upload, _planned(upload))


@console.post("/deliveries/many/<token>")
@needs(Permission.DELIVERIES)
def enter_parcels(token: str) -> Response | tuple[str, int]:
    """Enter the rows that can be. The shop has the last word on each; the same file again changes nothing."""
    crm, staff, now = installation(), signed_in_staff(), datetime.now(UTC)
    upload = waiting_upload(KIND, token)
    planned = _planned(upload)
    rows = [row for row in planned if row.does == Does.SEND]
    if not rows:
        return check_page(_CHECK, upload, planned), 409
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


def _planned(upload: Upload) -> list[Row]:
    with installation().sessions() as session:
        return plan(session, table_of(upload, read_file))
