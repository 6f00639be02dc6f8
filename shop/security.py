"""What guards every response and request: headers with a strict Content-Security-Policy, CSRF, body and rate limits.

Headers that a view sets itself are left alone, so that a page may ask for a stricter policy of its own.
"""

from __future__ import annotations

import secrets
from io import BytesIO
from typing import IO, cast

from flask import Flask, Request, Response, abort, current_app, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask_wtf.csrf import CSRFProtect

from . import limits

API_PREFIX = "/v1/"
"""Machine clients: they sign with a key of their own and carry no session, so CSRF has no hold on them."""

_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'self'; "
    "base-uri 'none'; manifest-src 'self'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",  # an order's signed link must not reach other sites; CSRF over TLS needs it here
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_HSTS = "max-age=31536000"
_POLICY_OF_DATA = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
"""For what machine clients get: nothing in it is ever shown or run, so it needs no word of its own."""


def init_app(app: Flask) -> None:
    """Guard all routes of the app, those of plugins too."""
    app.session_interface = PrivatePages()
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # checked by `_check_csrf`, which knows the API
    app.before_request(_refuse_impossible_addresses)
    app.before_request(_refuse_big_bodies)
    limits.init_app(app)
    csrf = CSRFProtect()
    csrf.init_app(app)
    app.before_request(_check_csrf)
    app.add_template_global(csp_nonce, "csp_nonce")
    app.after_request(_add_headers)


def csp_nonce() -> str:
    """The random word that this response's own scripts carry; one a request."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return cast(str, g.csp_nonce)


class NoSession(SecureCookieSession):
    """What a machine client's request has; nothing that is put into it outlives the request."""


class PrivatePages(SecureCookieSessionInterface):
    """The signed session cookie; whatever was made with a look into it is kept by no cache.

    Flask says whether the session was looked at only here, after all other hooks.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Machine clients get an empty one: they carry no cookie, and a signer costs them a tenth of their request."""
        return NoSession() if is_api(request) else super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the cookie where it changed, and mark the response as this visitor's own."""
        if isinstance(session, NoSession):
            return
        if session.accessed or session.modified:
            response.headers["Cache-Control"] = "no-store"
        super().save_session(app, session, response)


def _refuse_impossible_addresses() -> None:
    """No view is asked what it could answer only by an error: a NUL, which PostgreSQL refuses, and bytes that are no
    UTF-8 behind the question mark, at which `request.args` raises."""
    if "\x00" in request.path:
        abort(404)
    try:
        request.query_string.decode()
    except UnicodeDecodeError:
        abort(400)


def _refuse_big_bodies() -> None:
    """Answer 413 before anything is parsed, also where the body's length wasn't announced.

    Werkzeug alone would cut such a body off at the limit and hand on what came before: half a form. Machine clients
    send batches; their views set a limit of their own.
    """
    if is_api(request):
        return
    longest = request.max_content_length
    if longest is None:
        return
    if request.content_length is not None:
        if request.content_length > longest:
            abort(413)
    elif request.environ.get("wsgi.input_terminated"):
        request.environ["wsgi.input"] = BytesIO(_read_at_most(request.environ["wsgi.input"], longest))


def _read_at_most(stream: IO[bytes], longest: int) -> bytes:
    parts: list[bytes] = []
    left = longest + 1
    while left > 0 and (part := stream.read(min(left, 64 * 1024))):
        parts.append(part)
        left -= len(part)
    if left <= 0:
        abort(413)
    return b"".join(parts)


def _check_csrf() -> None:
    if not request.path.startswith(API_PREFIX):
        current_app.extensions["csrf"].protect(apply_exemptions=True)


def _add_headers(response: Response) -> Response:
    headers = response.headers
    present = {name.lower() for name, _ in headers}  # looked up once: `setdefault` searches all of them for each
    if "content-security-policy" not in present:
        policy = _POLICY_OF_DATA if is_api(request) else _POLICY.format(nonce=csp_nonce())
        headers.add("Content-Security-Policy", policy)
    for name, value in _HEADERS.items():
        if name.lower() not in present:
            headers.add(name, value)
    if current_app.config["SHOP_ENV"] == "production":
        headers.setdefault("Strict-Transport-Security", _HSTS)
    return response


def is_api(asked: Request) -> bool:
    """Whether this request comes from a machine client, which wants JSON."""
    return asked.path.startswith(API_PREFIX)
