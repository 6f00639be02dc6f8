"""Inbox: lists of cases, and deeds for many of them at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.installation import installation
from ecrm.service import cases
from ecrm.service.cases import Case, Changes, Channel, Kind, State
from ecrm.service.inbox import MOST_COUNTED, Desk, Filters, View, counts, page
from ecrm.service.macros import Macro, macros
from ecrm.service.teams import agent_of, agents, teams
from ecrm.wording import gettext as _
from ecrm.wording import ngettext

from .blueprint import console
from .case_page import case_url
from .case_words import channel_words, due_of, kind_words, priority_words, state_words, team_put_away
from .queries import LARGEST, LARGEST_INTEGER, choice_arg, cursor, cursor_arg, number_arg, text_arg

PAGE = 50
MOST_AT_ONCE = 500
OWN_FILTERS = ("view", "state", "kind", "channel", "priority", "team", "owner", "q")


@console.get("/cases")
@needs(Permission.CASES)
def inbox() -> str | Response:
    """A list of cases; by default one's own. A whole reference leads to its case."""
    asked = text_arg("q")
    with installation().sessions() as session:
        named = cases.by_reference(session, asked) if asked else None
    return render_list() if named is None else redirect(case_url(named.reference))


def render_list(trouble: str = "") -> str:
    """The list that the request asks for, with words on what went wrong."""
    crm, now, staff = installation(), datetime.now(UTC), signed_in_staff()
    view = choice_arg("view", View)
    filters = _filters()
    with crm.sessions.begin() as session:
        agent = agent_of(session, staff, now=now)
        desk = Desk(agent.staff_id, agent.team_id)
        counted = counts(session, desk=desk, now=now)
        if filters.words:
            view = View.EVERY  # who searches doesn't know in which list it is
        elif view is None or view == View.EVERY:
            view = View.ALL if filters != Filters() else _first_with_work(counted)
        found = page(session, view, filters, desk=desk, now=now, after=cursor_arg("after"), limit=PAGE)
        everybody, groups, known_macros = agents(session), teams(session), macros(session)
        session.expunge_all()
    kept = {name: request.values[name] for name in OWN_FILTERS if request.values.get(name)}
    return render_template(
        "ecrm/console/inbox.html",
        cases=found.cases, more=cursor(*found.next) if found.next else "", view=view, filters=filters, own_filters=kept,
        counts=counted, most_counted=MOST_COUNTED, views=_views(agent.team_id, view), agents=everybody, teams=groups,
        names={one.staff_id: one.name for one in everybody}, team_names={one.id: one.name for one in groups},
        due={one.id: due_of(one, now=now) for one in found.cases}, macros=known_macros, trouble=trouble,
        state_words=state_words(), kind_words=kind_words(), priority_words=priority_words(),
        channel_words=channel_words(),
    )  # fmt: skip


def _first_with_work(counted: Mapping[View, int]) -> View:
    """One's own list; where nothing waits in it, the first in which something does."""
    return next((view for view in (View.MINE, View.UNASSIGNED, View.ALL) if counted.get(view)), View.MINE)


@console.post("/cases")
@needs(Permission.CASES)
def change_cases() -> Response | tuple[str, int]:
    """One deed for the cases that were ticked: assign, move, mark as spam, a macro."""
    crm, now, staff = installation(), datetime.now(UTC), signed_in_staff()
    ids = _ticked()
    if not ids:
        return render_list(_("Tick the cases first; then choose what becomes of them.")), 422
    with crm.sessions() as session:
        changes, deed = _wanted(session)
    if changes is None:
        return render_list(_("Choose what becomes of the ticked cases.")), 422
    done, refused = 0, []
    for case_id in ids:  # one by one: a case that can't go there doesn't keep the others
        try:
            with crm.sessions.begin() as session:
                case = session.get(Case, case_id)
                if case is not None:
                    done += bool(cases.change(session, case, changes, now=now, by=staff, why="many"))
        except cases.TeamPutAway as refusal:
            return render_list(team_put_away(refusal)), 422
        except cases.NotAllowed as refusal:
            refused.append(refusal.reference)
    with crm.sessions.begin() as session:
        record(session, staff, Action.CASES_CHANGED, subject=f"cases:{done}", reason=deed, now=now)
    flash(ngettext("%(num)s case changed.", "%(num)s cases changed.", done))
    if refused:
        flash(_("Not possible from where they stand: %(cases)s", cases=", ".join(refused[:20])))
    kept = {name: request.form[name] for name in OWN_FILTERS if request.form.get(name)}
    return redirect(url_for("console.inbox", **kept), 303)  # type: ignore[arg-type]


def _ticked() -> list[int]:
    ids = request.form.getlist("case")
    if len(ids) > MOST_AT_ONCE:
        raise BadRequest(_("At most %(most)s cases at once.", most=MOST_AT_ONCE))
    if any(not (one.isascii() and one.isdigit() and len(one) <= 19 and int(one) <= LARGEST) for one in ids):
        raise BadRequest(_("A ticked case can't be read. Start again from the list."))
    return sorted({int(one) for one in ids})


def _wanted(session: Session) -> tuple[Changes | None, str]:
    """The changes that the form asks for, and a word for the audit."""
    deed, _colon, value = text_arg("deed").partition(":")
    if deed == "state" and value in set(State) - {State.NEW}:
        return Changes(state=State(value)), f"state {value}"
    if deed == "owner" and (not value or value in {one.staff_id for one in agents(session)}):
        return Changes(owner=value), f"owner {value or '-'}"
    if deed == "priority" and value in {"1", "2", "3", "4"}:
        return Changes(priority=cases.Priority(int(value))), f"priority {value}"
    if deed == "spam" and value in {"yes", "no"}:
        closed = Changes(spam=True, state=State.CLOSED)
        return (closed, "spam") if value == "yes" else (Changes(spam=False, state=State.OPEN), "no spam")
    if deed in {"team", "macro"} and value.isascii() and value.isdigit() and len(value) <= 10:
        if deed == "team" and int(value) in {one.id for one in teams(session)}:
            return Changes(team_id=int(value)), f"team {value}"
        macro = session.get(Macro, int(value)) if deed == "macro" and int(value) <= LARGEST_INTEGER else None
        if macro is not None and macro.archived_at is None and macro.changes != Changes():
            return macro.changes, f"macro {macro.name}"
    return None, ""


def _filters() -> Filters:
    return Filters(
        state=choice_arg("state", State) or "", kind=choice_arg("kind", Kind) or "",
        channel=choice_arg("channel", Channel) or "", priority=number_arg("priority", largest=LARGEST_INTEGER),
        team_id=number_arg("team"), owner=text_arg("owner", longest=64), words=text_arg("q"),
    )  # fmt: skip


def _views(team_id: int | None, shown: View) -> dict[View, str]:
    words = {
        View.MINE: _("Mine"), View.UNASSIGNED: _("Nobody's"), View.TEAM: _("My team's"), View.OVERDUE: _("Overdue"),
        View.ALL: _("All open"), View.SOLVED: _("Solved"), View.SPAM: _("Spam"),
    }  # fmt: skip
    if shown == View.EVERY:
        words[View.EVERY] = _("Found everywhere")
    return {view: label for view, label in words.items() if view != View.TEAM or team_id is not None}
