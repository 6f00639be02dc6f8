"""Entering many rows at once: the file is uploaded, and kept until somebody has seen what its rows would do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from flask import g, render_template, request
from werkzeug.exceptions import BadRequest, NotFound, RequestEntityTooLarge

from ecrm.access.roles import Permission, may, present_staff, signed_in_staff
from ecrm.installation import installation
from ecrm.marketing.imports.export import Table, Unreadable
from ecrm.marketing.imports.uploads import Upload, content_of, keep, waiting
from ecrm.row_files import Does
from ecrm.wording import gettext as _

from .blueprint import console

MAX_BYTES = 3_000_000
SHOWN = 500
_FORM_ROOM = 100_000  # bytes, beside the file
_TAKES_FILES = {
    "console.upload_parcels": Permission.DELIVERIES,
    "console.upload_units": Permission.CUSTOMERS,
}


class NotTaken(ValueError):
    """The file can't be entered; the message says why."""


class Planned(Protocol):
    """A row of a file, and what becomes of it."""

    @property
    def line(self) -> int: ...

    @property
    def does(self) -> Does: ...


@console.url_value_preprocessor
def _let_files_in(endpoint: str | None, _values: dict[str, object] | None) -> None:
    """Here, since the check of the form's token reads the body before any view could raise the host's limit."""
    needed = _TAKES_FILES.get(endpoint or "")
    if needed is not None and (staff := present_staff()) and may(staff, needed):
        request.max_content_length, g.most_bytes = MAX_BYTES + _FORM_ROOM, MAX_BYTES


def upload_page(template: str, problem: str = "") -> str:
    """The form for the file (see `_enter_many.html`), and why the last one wasn't taken."""
    return render_template(template, problem=problem, megabytes=MAX_BYTES // 1_000_000)


def take_upload(kind: str, read: Callable[[bytes], Table]) -> str:
    """Keep the file of the present form, if it has rows; its token.

    Raises:
        NotTaken: no file, none that can be read, or no rows.
    """
    file = request.files.get("file")
    if file is None or not file.filename:
        raise NotTaken(_("Choose a file."))
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise RequestEntityTooLarge
    try:
        if not read(content).rows:
            raise NotTaken(_("The file has headings and no rows."))
    except Unreadable as error:
        raise NotTaken(str(error)) from None
    with installation().sessions.begin() as session:
        row = keep(session, content, kind=kind, name=file.filename, by=signed_in_staff().name, now=datetime.now(UTC))
        return row.token


def waiting_upload(kind: str, token: str) -> Upload:
    """The file that waits under this token, with its content."""
    with installation().sessions() as session:
        upload = waiting(session, token[:64], now=datetime.now(UTC))
        if upload is None or upload.kind != kind:
            raise NotFound(_("This file isn't waiting any more: it was entered, thrown away, or is older than a day."))
        content_of(upload)  # deferred; read while the session is open
        return upload


def table_of(upload: Upload, read: Callable[[bytes], Table]) -> Table:
    """The waiting file, read anew; it could be when it came, and is refused should that have changed."""
    try:
        return read(content_of(upload))
    except Unreadable as error:
        raise BadRequest(str(error)) from None


def check_page(template: str, upload: Upload, rows: Sequence[Planned]) -> str:
    """The dry run: the rows that can't be taken first, and how many there are of each sort."""
    shown = sorted(rows, key=lambda row: (row.does != Does.WRONG, row.line))[:SHOWN]
    return render_template(
        template, upload=upload, rows=shown, hidden=max(len(rows) - SHOWN, 0),
        counts=Counter(row.does for row in rows), Does=Does,
    )  # fmt: skip
