"""The public pages of recall: ask for a link, open it, have the details filled in."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Response, current_app, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from ecrm.collector.blueprint import public
from ecrm.collector.views import local_path
from ecrm.installation import installation
from mailer.addressing import BadHeader, Mailbox

from .mailbox_proof import prove
from .recall import LinkRefused, ask_for_link, new_browser_secret, open_link, use_link

_SECRET = "ecrm_recall_secret"  # noqa: S105 (the name under which it is kept)
_NEXT = "ecrm_recall_next"
_STATUS = {"broken": 404, "expired": 410, "used": 410, "other_browser": 403}


@public.post("/recall")
def recall() -> BaseResponse:
    """Take the address; the answer is the same for every one."""
    try:
        email = Mailbox("", request.form.get("email", "").strip()).address
    except BadHeader:
        return _page("recall_ask.html", status=422, email=request.form.get("email", "")[:254])
    session[_SECRET] = secret = session.get(_SECRET) or new_browser_secret()
    session[_NEXT] = _checkout(request.form.get("next", ""))
    with installation().sessions.begin() as db:
        ask_for_link(db, email=email, browser_secret=secret, now=datetime.now(UTC))
    return redirect(url_for("ecrm.recall_asked"), code=303)


@public.get("/recall")
def recall_asked() -> Response:
    """What happens next, in words that fit every address; asks for one where none was given."""
    return _page("recall_asked.html" if _SECRET in session else "recall_ask.html", email="")


@public.get("/recall/<token>")
def recall_link(token: str) -> Response:
    """Changes nothing: programs that check e-mails open links before people do."""
    with installation().sessions() as db:
        try:
            opened = open_link(db, token, browser_secret=session.get(_SECRET))
        except LinkRefused as refused:
            return _refusal(refused)
    return _page("recall_confirm.html", email=opened.email, token=token)


@public.post("/recall/<token>")
def recall_fill_in(token: str) -> BaseResponse:
    """The mailbox is proved: on to the checkout, which is filled in now."""
    now = datetime.now(UTC)
    with installation().sessions.begin() as db:
        try:
            opened = use_link(db, token, browser_secret=session.get(_SECRET), now=now)
        except LinkRefused as refused:
            return _refusal(refused)
    session.pop(_SECRET, None)
    prove(opened.email, now=now)
    return redirect(session.pop(_NEXT, None) or _checkout(""), code=303)


def _checkout(wanted: str) -> str:
    return local_path(wanted) if wanted else str(current_app.config["ECRM_CHECKOUT_PATH"])


def _refusal(refused: LinkRefused) -> Response:
    return _page("recall_refused.html", status=_STATUS[refused.reason], reason=refused.reason, checkout=_checkout(""))


def _page(template: str, *, status: int = 200, **context: object) -> Response:
    page = Response(render_template(f"ecrm/public/{template}", **context), status=status)
    page.headers["Cache-Control"] = "no-store"
    page.headers["Referrer-Policy"] = "strict-origin"  # the link must not travel on; CSRF over TLS asks for the origin
    return page
