"""Macros of the desk: words with placeholders, and what they do to a case."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.installation import installation
from ecrm.service.cases import Kind, State
from ecrm.service.macros import KNOWN, LONGEST, UNSURE, Macro, macros, problems_in
from ecrm.service.teams import teams
from ecrm.wording import gettext as _
from ecrm.writing.complaint_words import complaint_words
from mailer.blocks import Complaint

from .blueprint import console
from .case_words import kind_words, priority_words, state_words
from .queries import LARGEST

Typed = dict[str, str]


@console.get("/cases/macros")
@needs(Permission.DESK)
def desk_macros() -> str:
    """All macros."""
    return _page()


@console.post("/cases/macros")
@needs(Permission.DESK_RULES)
def save_macro() -> Response | tuple[str, int]:
    """Make a macro, change one, or take one out of use."""
    typed = {key: value.strip() for key, value in request.form.items()}
    typed["text"] = typed.get("text", "").replace("\r\n", "\n")
    with installation().sessions.begin() as session:
        macro = _macro(session, typed.get("macro", ""))
        wrong = _wrong(session, typed, macro)
        if not wrong:
            macro = macro or Macro()
            macro.name, macro.text = " ".join(typed["name"].split()), typed["text"]
            macro.state, macro.kind = typed.get("state", ""), typed.get("kind", "")
            macro.priority = int(typed["priority"]) if typed.get("priority") else None
            macro.team_id = int(typed["team"]) if typed.get("team") else None
            macro.changed_at, macro.changed_by = datetime.now(UTC), signed_in_staff().name[:100]
            macro.archived_at = datetime.now(UTC) if typed.get("archived") == "yes" else None
            session.add(macro)
            record(
                session, signed_in_staff(), Action.DESK_CHANGED, subject=f"macro {macro.name}", now=datetime.now(UTC)
            )
    if wrong:
        return _page(typed, wrong), 422
    flash(_("The macro is saved."))
    return redirect(url_for("console.desk_macros"), 303)


def _page(typed: Typed | None = None, wrong: Typed | None = None) -> str:
    with installation().sessions() as session:
        known, groups = macros(session), teams(session)
    states = {key: label for key, label in state_words().items() if key not in {State.NEW, State.CLOSED}}
    return render_template(
        "ecrm/console/desk_macros.html", macros=known, teams={one.id: one.name for one in groups}, typed=typed or {},
        wrong=wrong or {}, states=states, kinds=kind_words(), priorities=priority_words(), known=sorted(KNOWN),
        unsure=UNSURE,
    )  # fmt: skip


def _wrong(session: Session, typed: Typed, macro: Macro | None) -> Typed:
    """By field, what has to be put right."""
    wrong: Typed = {}
    name = " ".join(typed.get("name", "").split())
    taken = select(Macro.id).where(func.lower(Macro.name) == name.lower(), Macro.id != (macro.id if macro else 0))
    if not name or len(name) > 100 or not name.isprintable():
        wrong["name"] = _("Give the macro a name of at most 100 letters.")
    elif session.scalar(taken) is not None:
        wrong["name"] = _("Another macro has this name, perhaps one that is out of use.")
    if len(typed["text"]) > LONGEST or "\0" in typed["text"]:
        wrong["text"] = _("This text is too long or holds what can't be stored.")
    elif problems := problems_in(typed["text"]):
        lines = [
            _("Line %(line)s: %(words)s", line=one.line,
              words=complaint_words(Complaint(0, "text", one.line, one.code, one.values)))
            for one in problems
        ]  # fmt: skip
        wrong["text"] = " ".join(lines)
    known = {str(one.id) for one in teams(session)}
    for field, choices in (
        ("state", {"", State.OPEN, State.WAITING, State.SOLVED}), ("kind", {"", *Kind}),
        ("priority", {"", "1", "2", "3", "4"}), ("team", {"", *known}),
    ):  # fmt: skip
        if typed.get(field, "") not in choices:
            wrong[field] = _("Choose one of the list.")
    if not typed["text"] and not any(typed.get(one) for one in ("state", "kind", "priority", "team")):
        wrong.setdefault("text", _("A macro needs words, or something to do."))
    return wrong


def _macro(session: Session, number: str) -> Macro | None:
    if not number:
        return None
    known = number.isascii() and number.isdigit() and len(number) <= 19 and int(number) <= LARGEST
    macro = session.get(Macro, int(number)) if known else None
    if macro is None:
        raise NotFound(_("There is no such macro."))
    return macro
