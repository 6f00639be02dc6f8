"""Enter many pieces: a file of serial numbers is uploaded, looked through row by row, and entered as it was shown."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import Response as Download
from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record, record_look
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.installation import installation
from ecrm.marketing.imports.uploads import Upload, summarise, take
from ecrm.row_files import Does, chunks
from ecrm.service import units, warranty
from ecrm.service.unit_files import Calendar, UnitRow, plan, products_named, products_ordered, read_file
from ecrm.storefront import ProductCard
from ecrm.warranty_months import Months
from ecrm.wording import gettext as _
from ecrm.wording import today
from tracking.email_address import fold

from .blueprint import console, kept_reason
from .row_uploads import NotTaken, check_page, table_of, take_upload, upload_page, waiting_upload
from .spreadsheets import csv_response

KIND = "units"
_FORM, _CHECK = "ecrm/console/units_many.html", "ecrm/console/unit_file.html"


@console.get("/units/many")
@needs(Permission.CUSTOMERS)
def many_units() -> str:
    """The upload, and what a file looks like."""
    return upload_page(_FORM)


@console.post("/units/many")
@needs(Permission.CUSTOMERS)
def upload_units() -> Response | tuple[str, int]:
    """Keep the file, if anything of it can be read, and show what it would do."""
    try:
        token = take_upload(KIND, read_file)
    except NotTaken as problem:
        return upload_page(_FORM, str(problem)), 400
    return redirect(url_for("console.check_units", token=token), 303)


@console.get("/units/many/<token>")
@needs(Permission.CUSTOMERS)
def check_units(token: str) -> str:
    """The dry run: what each row would do, and what is wrong with it."""
    upload = waiting_upload(KIND, token)
    return check_page(_CHECK, upload, _planned(upload))


@console.get("/units/many/<token>/left-out.csv")
@needs(Permission.CUSTOMERS)
def units_left_out(token: str) -> Download:
    """The rows that can't be taken, as they were, with the reason of each: to mend and to upload again."""
    upload = waiting_upload(KIND, token)
    table = table_of(upload, read_file)
    wrong = {row.line: row.words for row in _planned(upload) if row.does == Does.WRONG}
    rows = [[*table.headings.values(), _("Why it was left out")]]
    rows += [
        [*(table.cell(line, key) for key in table.headings), wrong[line.number]]
        for line in table.rows
        if line.number in wrong
    ]
    return csv_response(rows, filename="left-out.csv")


@console.post("/units/many/<token>")
@needs(Permission.CUSTOMERS)
def enter_units(token: str) -> Response | str | tuple[str, int]:
    """Keep the pieces of the rows that can be taken; those that can't are shown with their reasons."""
    crm, staff, now = installation(), signed_in_staff(), datetime.now(UTC)
    upload = waiting_upload(KIND, token)
    rows = _planned(upload)
    if not any(row.does == Does.SEND for row in rows):
        return check_page(_CHECK, upload, rows), 409
    kept = 0
    with crm.sessions.begin() as session:
        if not take(session, upload, now=now):
            flash(_("This file was entered before."))
            return redirect(url_for("console.unit_check"), 303)
        for row in rows:
            kept += row.sold is not None and units.keep(session, row.sold) is not None
        left_out = [row for row in rows if row.does == Does.WRONG]
        words = _("%(kept)d pieces kept, %(wrong)d rows left out", kept=kept, wrong=len(left_out))
        summarise(session, upload, words)
        record(session, staff, Action.UNITS_ENTERED, subject=f"import:{upload.id}", now=now)
    if left_out:
        return render_template("ecrm/console/units_left_out.html", rows=left_out, words=words)
    flash(words)
    return redirect(url_for("console.unit_check"), 303)


def _planned(upload: Upload) -> list[UnitRow]:
    crm, table = installation(), table_of(upload, read_file)
    with crm.sessions() as session:
        asked = sorted({*products_named(table), *products_ordered(session, table)})
        cards: dict[str, ProductCard] = {}
        for some in chunks(asked):
            cards |= {card.product_id: card for card in crm.storefront.products(some)}
        setting = Months.parse(crm.app.config["ECRM_WARRANTY_MONTHS"])
        months = warranty.months_for(crm.storefront, setting, list(cards.values()))
        calendar = Calendar(today(), ZoneInfo(crm.storefront.facts().time_zone), months, setting.usual)
        rows = plan(session, table, cards=cards, calendar=calendar)
    _note_look(upload, addresses=len({fold(table.cell(line, "email")) for line in table.rows} - {""}))
    return rows


def _note_look(upload: Upload, *, addresses: int) -> None:
    """Which rows can be taken says which addresses are customers': a look at people, also where nothing is entered."""
    if not addresses:
        return
    reason = _("Addresses: %(number)d; %(reason)s", number=addresses, reason=kept_reason())
    with installation().sessions.begin() as session:
        record_look(
            session, signed_in_staff(), Action.UNITS_CHECKED,
            subject=f"import:{upload.id}", reason=reason, now=datetime.now(UTC),
        )  # fmt: skip
