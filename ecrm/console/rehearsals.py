"""Rehearsals: asked for in the console, played in the background, shown with what would have gone out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

from flask import redirect, render_template, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.customers.segments.segment import segments
from ecrm.installation import installation
from ecrm.rehearsal import EVERYTHING, MOST_DAYS
from ecrm.rehearsal_book import Asked, Rehearsal, ask, latest
from ecrm.wording import gettext as _
from mailer.caps import Caps
from mailer.flows.registry import FLOWS, by_name

from .blueprint import console
from .queries import LARGEST, text_arg

NOTHING_SAID = {"what": EVERYTHING, "days": "14", "caps": "", "segment": ""}


@console.get("/flows/rehearsals")
@needs(Permission.EMAILS)
def rehearsals() -> str:
    """Those that were asked for, and the form for another."""
    return _page(NOTHING_SAID)


@console.post("/flows/rehearsals")
@needs(Permission.CAMPAIGNS)
def ask_rehearsal() -> Response | tuple[str, int]:
    """Put one on the list of the job `rehearse`."""
    said = {name: text_arg(name, longest=100) for name in NOTHING_SAID}
    crm = installation()
    with crm.sessions() as session:
        known = {str(one.id): one.id for one in segments(session)}
    problems = _problems(said, known)
    if problems:
        return _page(said, problems=problems), 400
    with crm.sessions.begin() as session:
        number = ask(
            session,
            what=said["what"],
            days=int(said["days"]),
            caps=said["caps"],
            segment_id=known.get(said["segment"]),
            by=signed_in_staff().name,
            now=datetime.now(UTC),
        )
    return redirect(url_for("console.rehearsal", rehearsal_id=number), 303)


@console.get(f"/flows/rehearsals/<int(max={LARGEST}):rehearsal_id>")
@needs(Permission.EMAILS)
def rehearsal(rehearsal_id: int) -> str:
    """One rehearsal and what it found."""
    with installation().sessions() as session:
        one = session.get(Rehearsal, rehearsal_id)
        known = {segment.id: segment.name for segment in segments(session)}
    if one is None:
        raise NotFound(_("There is no such rehearsal; only the last ones are kept."))
    days = [(date.fromisoformat(day), flows) for day, flows in one.result.get("days", [])]
    return render_template(
        "ecrm/console/rehearsal.html",
        one=one, found=one.result, days=days, busiest=max((sum(flows.values()) for _day, flows in days), default=0),
        titles={flow.name: flow.title for flow in FLOWS}, segment=known.get(one.segment_id or 0, ""), Asked=Asked,
    )  # fmt: skip


def _problems(said: Mapping[str, str], segments_known: Mapping[str, int]) -> dict[str, str]:
    found = {}
    if said["what"] != EVERYTHING and said["what"] not in by_name():
        found["what"] = _("There is no such flow.")
    if not (said["days"].isascii() and said["days"].isdigit() and 1 <= int(said["days"]) <= MOST_DAYS):
        found["days"] = _("Write a whole number from 1 to %(most)s.", most=MOST_DAYS)
    if said["segment"] and said["segment"] not in segments_known:
        found["segment"] = _("There is no such segment.")
    try:
        Caps.parse(said["caps"])
    except ValueError:
        found["caps"] = _("Write caps like 1/day, 3/7days.")
    return found


def _page(said: Mapping[str, str], *, problems: Mapping[str, str] | None = None) -> str:
    crm = installation()
    with crm.sessions() as session:
        known, asked = segments(session), latest(session)
    return render_template(
        "ecrm/console/rehearsals.html",
        said=said, problems=problems or {}, asked=asked, segments=known, flows=FLOWS, everything=EVERYTHING,
        titles={flow.name: flow.title for flow in FLOWS}, caps=crm.app.config["ECRM_MAIL_CAPS"], most_days=MOST_DAYS,
    )  # fmt: skip
