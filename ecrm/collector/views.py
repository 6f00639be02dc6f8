"""Public views: the consent form's target, "Your privacy choices", and what the beacon reports."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from flask import Flask, Response, abort, current_app, redirect, render_template, request
from marshmallow import EXCLUDE, ValidationError
from werkzeug.wrappers import Response as BaseResponse

from ecrm import csp, csrf, identification
from ecrm.clicked import untagged
from ecrm.events import PageEngaged
from ecrm.installation import installation
from ecrm.wording import gettext as _
from tracking.visitors import Grade, record_choice

from .blueprint import BY_LINK, SIGNED, public
from .schemas import ConsentForm, Engagement

WORDING = "2026-11"
"""Version of the banner's words, kept with every choice. Change it whenever the meaning of the words changes."""
MAX_REPORT = 4096  # bytes


def init_app(app: Flask) -> None:
    """Mount the public views."""
    app.register_blueprint(public, url_prefix=app.config["ECRM_PUBLIC_PREFIX"])
    csrf.exempt(app, seen)
    for endpoint in BY_LINK | SIGNED:
        csrf.exempt(app, app.view_functions[endpoint])


@public.post("/consent")
def consent() -> BaseResponse:
    """Keep the choice, commit it, and go back to where the question was asked."""
    try:
        form = ConsentForm(unknown=EXCLUDE).load(request.form)
    except ValidationError:
        abort(400, _("Please choose one of the three answers about your privacy."))
    grade, before = Grade(form["grade"]), identification.visitor_token()
    identification.choose(grade)
    after, now = identification.visitor_token(), datetime.now(UTC)
    with installation().sessions.begin() as session:
        # A step back ends the visitor and begins another: who withdraws is known one last time, and has to be.
        for token in dict.fromkeys([before, after]) if before and after else [after or before]:
            record_choice(session, token=token, grade=grade, wording=WORDING, at=now)
    return redirect(untagged(local_path(form["next"])), code=303)  # coming back is no click


@public.get("/privacy")
def privacy() -> Response:
    """What was chosen, what it means, and the form to choose again."""
    page = render_template(
        "ecrm/public/privacy.html",
        visitor_days=current_app.config["ECRM_VISITOR_DAYS"],
        chosen=identification.chosen_grade(),
        asks_not_to_be_followed=identification.asks_not_to_be_followed(),
        next=request.path,
        nonce=csp.nonce(),
    )
    response = Response(page)
    response.headers["Cache-Control"] = "no-store"
    return response


@public.post("/seen")
def seen() -> Response:
    """Count what the beacon reports of a page; 204 whether or not this browser may be followed."""
    request.max_content_length = MAX_REPORT
    if not _from_this_shop():
        abort(403)
    try:
        report = Engagement().load(json.loads(request.get_data(cache=False)))
    except (ValidationError, ValueError, RecursionError):
        abort(400)
    untracked = report["path"].startswith(current_app.config["ECRM_UNTRACKED_PATHS"])
    if identification.grade() >= Grade.ANALYTICS and not untracked:
        path = identification.kept_path(report["path"], identification.grade())
        identification.observe(PageEngaged(path=path, seconds=report["seconds"], scroll=report["scroll"]))
    return Response(status=204)


def local_path(address: str) -> str:
    """`address` where it is a path of this host, else the home page: a form must never lead to another site."""
    # Browsers read a backslash as a slash and drop tabs and line ends, which would turn a path into a host.
    local = address.startswith("/") and not address.startswith("//") and "\\" not in address and address.isprintable()
    return address if local else "/"


def _from_this_shop() -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    # Not by `urlsplit`, which raises at what looks like half an IPv6 address.
    return request.headers.get("Origin", "").partition("//")[2] == request.host
