"""Static lists by CSV, with a dry run; and how many customers each RFM group has, and what is expected of them."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound, RequestEntityTooLarge
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.customers.list_import import NotAList, add, find_or_make, lists, look_through
from ecrm.customers.lists import ContactList
from ecrm.customers.rfm import Group, group_name
from ecrm.customers.worth import Worth, WorthRun
from ecrm.installation import installation
from ecrm.marketing.imports.uploads import Upload, content_of, keep, take, waiting
from ecrm.wording import gettext as _
from ecrm.wording import ngettext

from .blueprint import console
from .queries import LARGEST

MAX_BYTES = 5_000_000
SHOWN_REFUSALS = 100
_KIND = "contacts"


@console.get("/people/lists")
@needs(Permission.CAMPAIGNS)
def contact_lists() -> str:
    """All lists, and the upload."""
    return _page()


@console.post("/people/lists")
@needs(Permission.CAMPAIGNS)
def upload_list() -> Response | tuple[str, int]:
    """Keep a file, if addresses can be read from it, and show what it would do."""
    file, name, now = request.files.get("file"), request.form.get("name", ""), datetime.now(UTC)
    if file is None or not file.filename:
        return _page(_("Choose a file."), name), 400
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise RequestEntityTooLarge
    try:
        with installation().sessions.begin() as session:
            look_through(session, content)
            wanted = find_or_make(session, name=name, by=signed_in_staff().name, now=now)
            row = keep(
                session, content, kind=f"{_KIND} {wanted.id}", name=file.filename, by=signed_in_staff().name, now=now
            )
            token = row.token
    except NotAList as bad:
        return _page(str(bad), name), 400
    return redirect(url_for("console.import_to_list", token=token), 303)


@console.get("/people/lists/import/<token>")
@needs(Permission.CAMPAIGNS)
def import_to_list(token: str) -> str:
    """The dry run: what would be added, and what wouldn't."""
    with installation().sessions() as session:
        upload, wanted = _waiting(session, token)
        looked = look_through(session, content_of(upload))
    return render_template(
        "ecrm/console/list_import.html", upload=upload, list=wanted, looked=looked,
        refused=looked.refused[:SHOWN_REFUSALS], more_refused=max(len(looked.refused) - SHOWN_REFUSALS, 0),
    )  # fmt: skip


@console.post("/people/lists/import/<token>")
@needs(Permission.CAMPAIGNS)
def write_to_list(token: str) -> Response:
    """Write what was shown, or throw the file away."""
    now, staff = datetime.now(UTC), signed_in_staff()
    with installation().sessions.begin() as session:
        upload, wanted = _waiting(session, token)
        deed = request.form.get("deed")
        if deed not in {"write", "forget"}:
            return redirect(url_for("console.import_to_list", token=token), 303)
        if deed == "forget":
            session.delete(upload)
            flash(_("The file is thrown away; nothing was written."))
            return redirect(url_for("console.contact_lists"), 303)
        looked = look_through(session, content_of(upload))  # before it is taken, and its content with it
        if take(session, upload, now=now):
            added = add(session, wanted.id, looked, now=now)
            record(session, staff, Action.LIST_CHANGED, subject=f"list:{wanted.id}", now=now)
            session.delete(upload)
            flash(ngettext("%(num)s address added to the list.", "%(num)s addresses added to the list.", added))
    return redirect(url_for("console.contact_lists"), 303)


@console.post(f"/people/lists/<int(max={LARGEST}):list_id>/archive")
@needs(Permission.CAMPAIGNS)
def archive_list(list_id: int) -> Response:
    """Put a list away; segments that ask for it still find its members."""
    now = datetime.now(UTC)
    with installation().sessions.begin() as session:
        found = session.get(ContactList, list_id)
        if found is None:
            raise NotFound(_("There is no such list."))
        found.archived_at = now
        record(session, signed_in_staff(), Action.LIST_CHANGED, subject=f"list:{list_id}", now=now)
    return redirect(url_for("console.contact_lists"), 303)


@console.get("/people/groups")
@needs(Permission.CAMPAIGNS)
def rfm_groups() -> str:
    """How many customers each group has, what they spent and what is expected of them."""
    counted = select(
        Worth.group, func.count(), func.sum(Worth.net_minor), func.sum(Worth.orders), func.sum(Worth.clv_minor)
    ).group_by(Worth.group)
    with installation().sessions() as session:
        by_group = {row[0]: row for row in session.execute(counted)}
        run = session.scalar(select(WorthRun).order_by(WorthRun.id.desc()).limit(1))
    rows = [(group_name(one), by_group[one]) for one in (*Group, "") if one in by_group]
    return render_template("ecrm/console/rfm_groups.html", rows=rows, run=run)


def _page(problem: str = "", name: str = "") -> str:
    with installation().sessions() as session:
        known = lists(session)
    return render_template(
        "ecrm/console/contact_lists.html", lists=known, problem=problem, name=name, megabytes=MAX_BYTES // 1_000_000
    )


def _waiting(session: Session, token: str) -> tuple[Upload, ContactList]:
    upload = waiting(session, token[:64], now=datetime.now(UTC))
    kind, _space, number = upload.kind.partition(" ") if upload is not None else ("", "", "")
    wanted = session.get(ContactList, int(number)) if kind == _KIND else None
    if upload is None or wanted is None:
        raise NotFound(_("This file was written or thrown away, or has waited for more than a day."))
    return upload, wanted
