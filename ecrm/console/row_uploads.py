"""The first step of entering many rows at once: the file is kept until somebody has seen what its rows would do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from flask import g, request
from werkzeug.exceptions import NotFound, RequestEntityTooLarge

from ecrm.access.roles import Permission, may, present_staff, signed_in_staff
from ecrm.installation import installation
from ecrm.marketing.imports.export import Table, Unreadable
from ecrm.marketing.imports.uploads import Upload, content_of, keep, waiting
from ecrm.wording import gettext as _

from .blueprint import console

MAX_BYTES = 3_000_000
_FORM_ROOM = 100_000  # bytes, beside the file
_TAKES_FILES = {
    "console.upload_parcels": Permission.DELIVERIES,
    "console.upload_units": Permission.CUSTOMERS,
}


class NotTaken(ValueError):
    """The file can't be entered; the message says why."""


@console.url_value_preprocessor
def _let_files_in(endpoint: str | None, _values: dict[str, object] | None) -> None:
    """Here, since the check of the form's token reads the body before any view could raise the host's limit."""
    needed = _TAKES_FILES.get(endpoint or "")
    if needed is not None and (staff := present_staff()) and may(staff, needed):
        request.max_content_length, g.most_bytes = MAX_BYTES + _FORM_ROOM, MAX_BYTES


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
