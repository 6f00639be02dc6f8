"""Trained models: what the gate measured of each, which one is served, and the way back to an earlier one."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import flash, redirect, render_template, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from ecrm import model_history
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.installation import installation
from ecrm.wording import gettext as _
from recommender.store import ModelKind, NoSuchModel, State, models, present_model

from .blueprint import console
from .queries import text_arg

SHOWN = 60


@console.get("/recommendations/models")
@needs(Permission.RECOMMENDATIONS)
def recommendation_models() -> str:
    """The history, newest first."""
    crm = installation()
    kept = set(model_history.kept_models(crm.models.folder))
    with crm.sessions() as session:
        present, rows = present_model(session), models(session, limit=SHOWN)
    return render_template(
        "ecrm/console/recommendation_models.html", present=present, models=rows, in_words=model_history.in_words,
        states=_states(), kinds=_kinds(),
        possible={
            row.name for row in rows
            if row.name in kept and State(row.state).whole and not (present and present.name == row.name)
        },
    )  # fmt: skip


@console.post("/recommendations/models")
@needs(Permission.CAMPAIGNS)
def go_back_to_model() -> Response:
    """Serve an earlier model; every process of the shop does within seconds."""
    crm, now, name = installation(), datetime.now(UTC), text_arg("name", longest=60)
    if not name:
        raise BadRequest(_("Choose the model to go back to."))
    try:
        row = model_history.go_back(crm, to=name, by=signed_in_staff(), now=now)
    except NoSuchModel:
        raise BadRequest(_("The files of this model aren't kept any more, or it is in use already.")) from None
    flash(_("%(name)s is in use: every process of the shop shows it within seconds.", name=row.name))
    return redirect(url_for("console.recommendation_models"), 303)


def _states() -> dict[str, str]:
    return {
        State.CANDIDATE: _("being trained"), State.PUBLISHED: _("was in use"), State.REJECTED: _("refused"),
        State.WITHDRAWN: _("withdrawn"), State.FAILED: _("interrupted"),
    }  # fmt: skip


def _kinds() -> dict[str, str]:
    return {ModelKind.QUICK: _("quick"), ModelKind.FULL: _("full"), ModelKind.REFRESH: _("refreshed")}
