"""Error pages in the shop's own dress, JSON for machine clients; a fault shows a number to quote, never a trace."""

from __future__ import annotations

import logging
import secrets

from flask import Flask, Response, has_request_context, make_response, render_template, request
from flask.globals import request_ctx
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import BadRequestKeyError, HTTPException
from werkzeug.wrappers import Response as AnyResponse

from .database import db
from .security import is_api
from .wording import gettext as _
from .wording import number

log = logging.getLogger("shop.errors")

_LAST_RESORT = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>{title}</title><h1>{title}</h1><p>{message}</p>"
)


def init_app(app: Flask) -> None:
    """Answer every error of the app by a page of ours."""
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(500, _fault)
    app.logger.addFilter(_without_key)
    log.addFilter(_without_key)


def _http_error(error: HTTPException) -> AnyResponse:
    code = error.code or 500
    if error.response is not None or code < 400:
        return error.get_response()  # a redirect, or an answer that its view made
    title, message = _sorry_form() if isinstance(error, CSRFError) else _words(code)
    message = _said_by_view(error) or message
    if is_api(request):
        answer = make_response({"error": {"status": code, "message": message}}, code)
    else:
        answer = _page(code, title, message)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After", "WWW-Authenticate"}:
            answer.headers[name] = value
    return answer


def _fault(_error: HTTPException) -> Response:
    """Undo what was begun and tell the reader a number to quote; Flask has logged the trace just before."""
    reference = secrets.token_hex(4)
    log.error("the fault above at %s %s was shown as %s", request.method, request.path, reference)
    try:
        db.session.rollback()
    except SQLAlchemyError:
        log.exception("the rollback after fault %s failed, too", reference)
    title, message = _words(500)
    if is_api(request):
        return make_response({"error": {"status": 500, "message": title, "reference": reference}}, 500)
    return _page(500, title, message, reference=reference)


def _without_key(record: logging.LogRecord) -> bool:
    """Flask logs the path of a fault. Where the path holds a key, e.g. to a new password, the log gets a star."""
    token = (request.view_args or {}).get("token") if has_request_context() else None
    if token:
        record.msg, record.args = record.getMessage().replace(str(token), "*"), ()
    return True


def _page(code: int, title: str, message: str, *, reference: str = "") -> Response:
    if request_ctx.url_adapter is None:  # the Host header names no host, so no page can lead anywhere
        return make_response(_LAST_RESORT.format(title=title, message=message), code)
    try:
        body = render_template("shop/errors/error.html", code=code, title=title, message=message, reference=reference)
    except SQLAlchemyError:
        # The page's header asks the database for the shop's name and departments; without one, plain words must do.
        log.exception("the error page itself failed")
        body = _LAST_RESORT.format(title=title, message=message)
    return make_response(body, code)


def _said_by_view(error: HTTPException) -> str:
    """What a view said itself, `abort(409, _("…"))`; the words of Werkzeug and of extensions aren't for readers."""
    own_words = error.description != type(error).description and type(error).__module__ == "werkzeug.exceptions"
    return error.description or "" if own_words and not isinstance(error, BadRequestKeyError) else ""


def _sorry_form() -> tuple[str, str]:
    return (
        _("This form has expired"),
        _(
            "The page was open for long, you signed in or out meanwhile, or cookies are blocked. Nothing was changed. "
            "Please go back, reload the page and send the form again."
        ),
    )


def _too_large() -> str:
    most = (request.max_content_length if has_request_context() else None) or 0
    # rounded down: what is said can be sent
    size = f"{number(most // 100_000 / 10)} MB" if most >= 1_000_000 else f"{number(most // 1000)} kB"
    return _(
        "What you sent is larger than the %(most)s that this page accepts. Nothing was changed. Please go back with "
        "your browser, where what you typed still stands, and shorten it, or choose fewer or smaller files.",
        most=size,
    )


def _words(code: int) -> tuple[str, str]:
    """Title and advice for a status; statuses without words of their own get those of their family."""
    words = {
        400: (
            _("We couldn't read that"),
            _("Something about this request is malformed. Please go back and try again."),
        ),
        401: (_("Please sign in"), _("This page needs you to be signed in.")),
        403: (_("Not for this account"), _("Your account isn't allowed to open this page or to do this.")),
        404: (_("We can't find that page"), _("It may have moved, or the product is no longer for sale.")),
        405: (_("That isn't possible here"), _("This address exists, but it can't be used in this way.")),
        409: (
            _("Something changed in between"),
            _("What you sent doesn't fit what is there by now. Nothing was changed. Please look again and repeat."),
        ),
        413: (_("That is too large"), _too_large()),
        429: (_("One moment, please"), _("There were too many requests from your connection. Please wait a little.")),
        500: (_("Something went wrong on our side"), _("It isn't your fault, and it was logged. Please try again.")),
    }
    return words.get(code) or words[400 if code < 500 else 500]
