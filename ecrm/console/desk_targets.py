"""Targets of the desk: within which working time cases are answered and solved, for everybody and for segments."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.customers.segments.segment import segments
from ecrm.installation import installation
from ecrm.service.cases import Priority
from ecrm.service.targets import Minutes, all_targets, save_targets
from ecrm.service.typed_hours import Unreadable, minutes_of, typed_minutes
from ecrm.wording import gettext as _

from .blueprint import console
from .case_words import priority_words

Typed = dict[str, str]


@console.get("/cases/targets")
@needs(Permission.DESK)
def desk_targets() -> str:
    """All targets."""
    return _page()


@console.post("/cases/targets")
@needs(Permission.DESK_RULES)
def save_desk_targets() -> Response | tuple[str, int]:
    """Replace what is promised to everybody or to a segment, or take a segment's promise back."""
    typed = {key: value.strip() for key, value in request.form.items()}
    wrong: Typed = {}
    targets: dict[Priority, Minutes] = {}
    for priority in Priority:
        found: list[int | None] = []
        for what in ("response", "resolution"):
            name = f"{what}-{int(priority)}"
            try:
                found.append(minutes_of(typed.get(name, "")[:40]))
            except Unreadable as bad:
                wrong[name] = _("“%(typed)s” can't be read. Write it like 30 min, 4 h or 2 d.", typed=str(bad))
                found.append(None)
        targets[priority] = (found[0], found[1])
    place = typed.get("place", "")
    if place and not (place.isascii() and place.isdigit() and len(place) <= 4):
        wrong["place"] = _("The place in the order must be a whole number.")
    with installation().sessions.begin() as session:
        known = {str(one.id): one for one in segments(session)}
        segment = known.get(typed.get("segment", ""))
        if typed.get("segment") and segment is None:
            raise NotFound(_("There is no such segment any more."))
        if not wrong:
            gone = typed.get("do") == "remove" and segment is not None
            save_targets(
                session, segment.id if segment else None, {} if gone else targets,
                place=int(place) if place else None,
            )  # fmt: skip
            subject = f"targets {segment.name if segment else '-'}"
            record(session, signed_in_staff(), Action.DESK_CHANGED, subject=subject, now=datetime.now(UTC))
    if wrong:
        return _page(typed, wrong), 422
    flash(_("The targets are saved; they hold for cases that come from now on."))
    return redirect(url_for("console.desk_targets"), 303)


def _page(typed: Typed | None = None, wrong: Typed | None = None) -> str:
    with installation().sessions() as session:
        targets, known = all_targets(session), {one.id: one.name for one in segments(session)}
    return render_template(
        "ecrm/console/desk_targets.html", everybody=targets.pop(None), targets=targets, segments=known,
        priorities=priority_words(), typed=typed or {}, wrong=wrong or {}, typed_minutes=typed_minutes,
    )  # fmt: skip
