"""Service points: entered one by one or from a CSV file, closed when they are no more."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response

from ecrm.access.roles import Permission, needs
from ecrm.installation import installation
from ecrm.service.service_points import (
    ServicePoint,
    closed_points,
    distance_km,
    find_place,
    on_earth,
    open_points,
    places_known,
    serving,
)
from ecrm.wording import gettext as _
from mailer.addressing import BadHeader, Mailbox

from .blueprint import console
from .queries import LARGEST, text_arg

POINT = f"/service-points/<int(max={LARGEST}):point_id>"
FIELDS = {
    "name": 120, "address": 300, "country": 2, "email": 254, "phone": 40, "hours": 200, "latitude": 20,
    "longitude": 20, "serves": 1000,
}  # fmt: skip
MOST_BYTES, MOST_ROWS = 1_000_000, 5_000


@console.get("/service-points")
@needs(Permission.DESK)
def list_service_points() -> str:
    """All of them, or the nearest to a place and those that serve something, with the forms."""
    return _page()


@console.get(POINT)
@needs(Permission.DESK_RULES)
def service_point(point_id: int) -> str:
    """One of them, to be changed."""
    with installation().sessions() as session:
        return _form_page(_point(session, point_id))


@console.post(POINT)
@needs(Permission.DESK_RULES)
def change_service_point(point_id: int) -> Response | tuple[str, int]:
    """Change it; what can't be kept is said, and what was typed stays."""
    typed = {name: request.form.get(name, "").strip()[: 2 * size] for name, size in FIELDS.items()}
    with installation().sessions.begin() as session:
        point = _point(session, point_id)
        found = _read(typed)
        if isinstance(found, str):
            return _form_page(point, typed=typed, problem=found), 422
        _take_over(point, found)
    flash(_("Kept."))
    return redirect(url_for("console.list_service_points"), 303)


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
        known = {_likeness(one): one for one in open_points(session)}
        for read in found:
            if (same := known.get(_likeness(read))) is not None:
                _take_over(same, read)
            else:
                session.add(read)
                known[_likeness(read)] = read
    flash(_("%(count)s service points were taken in.", count=len(found)))
    return redirect(url_for("console.list_service_points"), 303)


@console.post(f"{POINT}/close")
@needs(Permission.DESK_RULES)
def close_service_point(point_id: int) -> Response:
    """It is offered no more; requests that went there keep its name."""
    with installation().sessions.begin() as session:
        point = _point(session, point_id)
        point.closed_at = point.closed_at or datetime.now(UTC)
    flash(_("It is offered no more."))
    return redirect(url_for("console.list_service_points"), 303)


@console.post(f"{POINT}/open")
@needs(Permission.DESK_RULES)
def open_service_point(point_id: int) -> Response:
    """A closed one is offered again."""
    with installation().sessions.begin() as session:
        _point(session, point_id).closed_at = None
    flash(_("It is offered again."))
    return redirect(url_for("console.list_service_points"), 303)


def _page(*, typed: Mapping[str, str] | None = None, problem: str = "") -> str:
    crm = installation()
    asked = {"country": text_arg("country", longest=2) or crm.storefront.facts().country,
             "place": text_arg("place", longest=100), "serves": text_arg("serves", longest=100)}  # fmt: skip
    with crm.sessions() as session:
        every, closed, places = open_points(session), closed_points(session), places_known(session)
        place = find_place(session, asked["country"], asked["place"]) if asked["place"] else None
        points = serving(every, [asked["serves"]]) if asked["serves"] else list(every)
        near = {}
        if place is not None and place.at is not None:
            at = place.at
            near = {one.id: distance_km(at, (one.latitude, one.longitude)) for one in points}
            points = sorted(points, key=lambda one: (near[one.id], one.id))
    return render_template(
        "ecrm/console/service_points.html",
        points=points, closed=closed, every=every, places=places, asked=asked, place=place, near=near,
        typed=typed or {}, problem=problem, columns=",".join(FIELDS),
    )  # fmt: skip


def _form_page(point: ServicePoint, *, typed: Mapping[str, str] | None = None, problem: str = "") -> str:
    shown = {name: str(getattr(point, name)) for name in FIELDS} | {"serves": ", ".join(point.serves)}
    return render_template("ecrm/console/service_point.html", point=point, typed=typed or shown, problem=problem)


def _point(session: Session, point_id: int) -> ServicePoint:
    point = session.get(ServicePoint, point_id)
    if point is None:
        raise NotFound(_("There is no such service point."))
    return point


def _likeness(point: ServicePoint) -> tuple[str, str, str]:
    """By what a line of a file is one that is known: then it is brought up to date, not doubled."""
    return point.country, point.name.casefold(), point.address.casefold()


def _take_over(point: ServicePoint, read: ServicePoint) -> None:
    for name in (*FIELDS, "changed_at"):
        setattr(point, name, getattr(read, name))


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
