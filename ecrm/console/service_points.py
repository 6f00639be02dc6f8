"""Service points: entered one by one or from a CSV file, closed when they are no more."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response

from ecrm.access.roles import Permission, needs
from ecrm.installation import installation
from ecrm.service.service_points import ServicePoint, on_earth, open_points, places_known
from ecrm.wording import gettext as _
from mailer.addressing import BadHeader, Mailbox

from .blueprint import console
from .queries import LARGEST

FIELDS = {
    "name": 120, "address": 300, "country": 2, "email": 254, "phone": 40, "hours": 200, "latitude": 20,
    "longitude": 20, "serves": 1000,
}  # fmt: skip
MOST_BYTES, MOST_ROWS = 1_000_000, 5_000


@console.get("/service-points")
@needs(Permission.DESK)
def list_service_points() -> str:
    """All of them, with the forms."""
    return _page()


@console.post("/service-points")
@needs(Permission.DESK_RULES)
def add_service_point() -> Response | tuple[str, int]:
    """Enter one; what can't be kept is said, and what was typed stays."""
    typed = {name: request.form.get(name, "").strip()[: 2 * size] for name, size in FIELDS.items()}
    found = _read(typed)
    if isinstance(found, str):
        return _page(typed=typed, problem=found), 422
    with installation().sessions.begin() as session:
        session.add(found)
    flash(_("The service point is on the list."))
    return redirect(url_for("console.list_service_points"), 303)


@console.post("/service-points/file")
@needs(Permission.DESK_RULES)
def upload_service_points() -> Response | tuple[str, int]:
    """A CSV file with the columns of the form; all of it or, where a line can't be read, nothing."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise BadRequest(_("Choose a file."))
    try:
        text = sent.stream.read(MOST_BYTES + 1)[: MOST_BYTES + 1].decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text), dialect=_dialect(text)))
    except (UnicodeDecodeError, csv.Error):
        return _page(problem=_("This is no CSV file in UTF-8.")), 422
    if len(text) > MOST_BYTES or not 0 < len(rows) <= MOST_ROWS:
        return _page(problem=_("A file has 1 to %(rows)s service points.", rows=MOST_ROWS)), 422
    found, wrong = [], []
    for number, row in enumerate(rows, start=2):
        read = _read({name: str(row.get(name) or "").strip() for name in FIELDS})
        if isinstance(read, str):
            wrong.append(_("Line %(number)s: %(why)s", number=number, why=read))
        else:
            found.append(read)
    if wrong:
        return _page(problem=" ".join(wrong[:10])), 422
    with installation().sessions.begin() as session:
        session.add_all(found)
    flash(_("%(count)s service points were taken in.", count=len(found)))
    return redirect(url_for("console.list_service_points"), 303)


@console.post(f"/service-points/<int(max={LARGEST}):point_id>/close")
@needs(Permission.DESK_RULES)
def close_service_point(point_id: int) -> Response:
    """It is offered no more; requests that went there keep its name."""
    with installation().sessions.begin() as session:
        point = session.get(ServicePoint, point_id)
        if point is None:
            raise NotFound(_("There is no such service point."))
        point.closed_at = point.closed_at or datetime.now(UTC)
    flash(_("It is offered no more."))
    return redirect(url_for("console.list_service_points"), 303)


def _page(*, typed: Mapping[str, str] | None = None, problem: str = "") -> str:
    with installation().sessions() as session:
        points, places = open_points(session), places_known(session)
    return render_template(
        "ecrm/console/service_points.html",
        points=points, places=places, typed=typed or {}, problem=problem, columns=",".join(FIELDS),
    )  # fmt: skip


def _dialect(text: str) -> type[csv.Dialect]:
    first = text.partition("\n")[0]
    return csv.excel_tab if "\t" in first else _Semicolons if first.count(";") > first.count(",") else csv.excel


class _Semicolons(csv.excel):
    delimiter = ";"


def _read(typed: Mapping[str, str]) -> ServicePoint | str:
    """The service point, or why it can't be one."""
    too_long = [name for name, size in FIELDS.items() if len(typed[name]) > size]
    if too_long:
        return _("Too long: %(names)s.", names=", ".join(too_long))
    if any(not value.isprintable() for value in typed.values()):
        return _("It holds characters that no keyboard types.")
    if not typed["name"] or len(typed["country"]) != 2 or not typed["country"].isalpha():
        return _("It needs a name and the country in two letters.")
    try:
        latitude, longitude = (float(typed[name].replace(",", ".")) for name in ("latitude", "longitude"))
    except ValueError:
        return _("Latitude and longitude are degrees such as 52.52 and 13.405.")
    if not on_earth(latitude, longitude):
        return _("Latitude lies between -90 and 90, longitude between -180 and 180.")
    if typed["email"]:
        try:
            Mailbox("", typed["email"])
        except BadHeader:
            return _("“%(address)s” is no e-mail address.", address=typed["email"])
    return ServicePoint(
        name=typed["name"], address=typed["address"], country=typed["country"].upper(), email=typed["email"],
        phone=typed["phone"], hours=typed["hours"], latitude=latitude, longitude=longitude,
        serves=[one.strip() for one in typed["serves"].replace("|", ",").split(",") if one.strip()],
        changed_at=datetime.now(UTC),
    )  # fmt: skip
