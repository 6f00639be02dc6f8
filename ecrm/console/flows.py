"""Flows: what runs by itself, for whom, how far they are, and what the shop set."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ecrm import flow_settings
from ecrm.access.audit import Action, record
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.flow_figures import SHOWN_DAYS, Figures, entries_page, exits_of, figures_of_flows, figures_of_steps
from ecrm.installation import installation
from ecrm.wording import gettext as _
from mailer.flows.engine import knobs_of
from mailer.flows.entry import FlowSetting
from mailer.flows.flow import Flow, all_knobs, delay
from mailer.flows.registry import FLOWS, by_name

from .blueprint import console
from .queries import number_arg

PAGE = 50


@console.get("/flows")
@needs(Permission.EMAILS)
def flows() -> str:
    """All flows with their figures."""
    now = datetime.now(UTC)
    with installation().sessions() as session:
        settings = {one.flow: one for one in session.scalars(select(FlowSetting))}
        figures = figures_of_flows(session, now=now)
    rows = [(one, settings.get(one.name), figures.get(one.name, Figures())) for one in FLOWS]
    return render_template("ecrm/console/flows.html", rows=rows, days=SHOWN_DAYS)


@console.get("/flows/<name>")
@needs(Permission.EMAILS)
def flow(name: str) -> str:
    """One flow: its steps, its settings, and who is in it."""
    return _page(_known(name))


@console.post("/flows/<name>")
@needs(Permission.CAMPAIGNS)
def change_flow(name: str) -> Response | tuple[str, int]:
    """Switch it on or off, and set its numbers."""
    one, now = _known(name), datetime.now(UTC)
    crm = installation()
    read = flow_settings.read(request.form, one, currency=crm.storefront.facts().currency)
    if read.problems:
        return _page(one, said=request.form, problems=read.problems), 400
    with crm.sessions.begin() as session:
        changes = flow_settings.change(session, one, read, by=signed_in_staff().name, now=now)
        if changes:
            record(
                session, signed_in_staff(), Action.FLOW_CHANGED,
                subject=f"flow:{one.name}", reason="; ".join(changes)[:200], now=now,
            )  # fmt: skip
    flash(
        _("The flow is changed; people who are in it go on with the new settings.")
        if changes
        else _("It is so already.")
    )
    return redirect(url_for("console.flow", name=one.name), 303)


def _known(name: str) -> Flow:
    found = by_name().get(name)
    if found is None:
        raise NotFound(_("There is no such flow."))
    return found


def _page(one: Flow, *, said: Mapping[str, str] | None = None, problems: Mapping[str, str] | None = None) -> str:
    crm, now = installation(), datetime.now(UTC)
    currency, before = crm.storefront.facts().currency, number_arg("before")
    with crm.sessions() as session:
        setting = session.get(FlowSetting, one.name)
        entries = entries_page(session, one.name, before=before, limit=PAGE + 1)
        figures = figures_of_flows(session, now=now).get(one.name, Figures())
        steps = figures_of_steps(session, one.name, now=now)
        exits = exits_of(session, one.name, now=now)
    knobs = knobs_of(one, setting)
    fields = {knob.name: flow_settings.shown(knob, knobs[knob.name], currency=currency) for knob in all_knobs(one)}
    switched_on = setting.switched_on if setting else one.starts_on
    stands = {
        "on": "1" if switched_on else "",
        "control": str(setting.control_percent if setting else one.control_percent),
        **fields,
    }
    return render_template(
        "ecrm/console/flow.html",
        flow=one, setting=setting, switched_on=switched_on, figures=figures, steps=steps, exits=exits,
        entries=entries[:PAGE], older=entries[PAGE - 1].id if len(entries) > PAGE else None, before=before,
        said=said if said is not None else stands, problems=problems or {}, own_knobs=one.knobs, days=SHOWN_DAYS,
        delays={step.name: delay(step, knobs) for step in one.steps}, most_control=flow_settings.MOST_CONTROL,
        step_fields={step.name: fields[f"after:{step.name}"] for step in one.steps},
    )  # fmt: skip
