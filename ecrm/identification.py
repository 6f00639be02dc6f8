"""Who this browser is, as far as it agreed to be known; and the page views that the plugin records by itself.

Two cookies: `ecrm_consent` holds the grade chosen in the consent banner, `ecrm_visitor` a random token. The second
exists only with the grades ANALYTICS and PERSONAL; without them a step is counted and leads to nobody.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from time import perf_counter
from typing import ParamSpec, TypeVar

from flask import Flask, Response, current_app, has_request_context, request

from tracking.clickstream.sightings import Sighting
from tracking.visitors import Grade

from .events import PageViewed, Seen, SignedOut
from .installation import installation

log = logging.getLogger("ecrm.identification")
P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F")

CONSENT_COOKIE = "ecrm_consent"
VISITOR_COOKIE = "ecrm_visitor"
CONSENT_DAYS = 182  # the question may be asked again after six months, as CNIL recommends for a refusal as for a yes
_TOKEN = re.compile(r"[0-9a-f]{32}")
_UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "utm_id")
_ARGUMENT = re.compile(r"<[^>]*>")
_BROWSER, _STARTED = "ecrm.browser", "ecrm.started"  # keys of the WSGI environment: `g` outlives a request in tests


@dataclass
class Browser:
    """The browser of this request. `chosen` is None before a choice; the other flags say what cookies to send."""

    chosen: Grade | None
    grade: Grade
    token: str | None
    made_token: bool = False
    drop_token: bool = False
    keep_choice: bool = False


def init_app(app: Flask) -> None:
    """Time every request and record the page views of the host's own pages."""
    app.before_request(_start)
    app.after_request(_finish)


def _harmless(fallback: F) -> Callable[[Callable[P, R]], Callable[P, R | F]]:
    """The one guard between this module and the host's pages: whatever goes wrong is logged and answered by `fallback`.

    A broad `except` stands here on purpose: a shop must sell even where counting its visitors fails.
    """

    def guard(function: Callable[P, R]) -> Callable[P, R | F]:
        @wraps(function)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R | F:
            try:
                return function(*args, **kwargs)
            except Exception:
                log.exception("%s failed", function.__name__)
                return fallback

        return guarded

    return guard


@_harmless(Grade.NONE)
def grade() -> Grade:
    """How far this browser may be followed; NONE outside of a request."""
    return browser().grade if has_request_context() else Grade.NONE


@_harmless(None)
def chosen_grade() -> Grade | None:
    """What was chosen in the consent banner; None before a choice and outside of a request."""
    return browser().chosen if has_request_context() else None


@_harmless(None)
def visitor_token() -> str | None:
    """The token of this browser; None outside of a request and below ANALYTICS."""
    if not has_request_context():
        return None
    present = browser()
    if present.token is None and present.grade >= Grade.ANALYTICS:
        present.token, present.made_token = secrets.token_hex(16), True
    return present.token


@_harmless(None)
def observe(event: Seen) -> None:
    """Record a step of the present visitor, in the background; nothing outside of a request or in a prefetch."""
    if not has_request_context() or request.method == "HEAD" or _prefetched():
        return
    installation().writer.put(_sighting(event, {}))
    if isinstance(event, SignedOut):
        forget_visitor()


def forget_visitor() -> None:
    """End this browser's visitor ("Not you?", signing out); the next step is a new visitor's."""
    present = browser()
    present.token, present.made_token, present.drop_token = None, False, True


def choose(grade: Grade) -> None:
    """Follow this browser up to `grade` from now on; a step back ends the visitor that was known better."""
    present = browser()
    if grade < present.grade:
        forget_visitor()
    present.chosen = present.grade = grade
    present.keep_choice = True


def asks_not_to_be_followed() -> bool:
    """Whether the browser sends Global Privacy Control or Do Not Track."""
    return request.headers.get("Sec-GPC") == "1" or request.headers.get("DNT") == "1"


def browser() -> Browser:
    """The browser of this request, read from its cookies once.

    Raises:
        RuntimeError: outside of a request.
    """
    found: Browser | None = request.environ.get(_BROWSER)
    if found is None:
        found = request.environ[_BROWSER] = _read_cookies()
    return found


def _read_cookies() -> Browser:
    cookies = request.cookies
    text = cookies.get(CONSENT_COOKIE)
    chosen = Grade(int(text)) if text in {"0", "1", "2"} else None
    grade = chosen or Grade.NONE  # before a choice nobody is followed, so GPC and DNT have nothing left to refuse
    token = cookies.get(VISITOR_COOKIE, "")
    if grade is Grade.NONE:
        return Browser(chosen, grade, None, drop_token=bool(token))
    return Browser(chosen, grade, token if _TOKEN.fullmatch(token) else None)


@_harmless(None)
def _start() -> None:
    request.environ[_STARTED] = perf_counter()


def _finish(response: Response) -> Response:
    _record_page(response)
    _send_cookies(response)
    return response


@_harmless(None)
def _record_page(response: Response) -> None:
    if not _is_page(response):
        return
    milliseconds = round((perf_counter() - request.environ.get(_STARTED, perf_counter())) * 1000)
    view = PageViewed(path=_path(grade()), status=response.status_code, milliseconds=milliseconds)
    installation().writer.put(_sighting(view, _campaign() if request.query_string else {}))


def _is_page(response: Response) -> bool:
    """Whether a person asked for a page of the host and got it, or its "not found"."""
    if request.method != "GET" or response.status_code not in (200, 404) or response.mimetype != "text/html":
        return False
    if request.headers.get("Sec-Fetch-Dest", "document") != "document" or _prefetched():
        return False
    config, path = current_app.config, request.path
    own = (config["ECRM_CONSOLE_PREFIX"], config["ECRM_PUBLIC_PREFIX"])
    return not path.startswith(tuple(config["ECRM_UNTRACKED_PATHS"])) and not f"{path}/".startswith(
        tuple(f"{prefix}/" for prefix in own)
    )


def _prefetched() -> bool:
    return "prefetch" in (request.headers.get("Sec-Purpose") or request.headers.get("Purpose") or "")


def _sighting(event: Seen, extra: dict[str, str]) -> Sighting:
    grade = browser().grade
    customer = installation().storefront.current_customer() if grade >= Grade.PERSONAL else None
    return Sighting(
        at=datetime.now(UTC),
        name=event.name,
        subject=event.subject,
        properties={key: value for key, value in vars(event).items() if value not in ("", ())} | extra,
        visitor_token=visitor_token(),
        grade=grade,
        customer_reference=customer.customer_id if customer else None,
        user_agent=request.headers.get("User-Agent", ""),
        referrer=_referrer(grade),
        path=_path(grade),
    )


def _path(grade: Grade) -> str:
    """The path without its query; for strangers the route's pattern, as an order's number would lead to a person."""
    if grade is Grade.NONE and request.url_rule is not None:
        return _ARGUMENT.sub("*", request.url_rule.rule)
    return request.path


def _referrer(grade: Grade) -> str:
    """The page of another site that led here, without its query; for strangers only the site."""
    address = (request.headers.get("Referer") or "").partition("?")[0].partition("#")[0]
    scheme, _, rest = address.partition("//")
    host = rest.partition("/")[0]
    if not host or host == request.host:
        return ""
    return address if grade is not Grade.NONE else f"{scheme}//{host}"


def _campaign() -> dict[str, str]:
    return {name: value[:100] for name in _UTM if (value := request.args.get(name))}


@_harmless(None)
def _send_cookies(response: Response) -> None:
    present: Browser | None = request.environ.get(_BROWSER)
    if present is None:
        return
    if present.keep_choice and present.chosen is not None:
        _set_cookie(response, CONSENT_COOKIE, str(int(present.chosen)), CONSENT_DAYS)
    if present.made_token and present.token:
        # Set once and never renewed: its life is counted from the first visit.
        _set_cookie(response, VISITOR_COOKIE, present.token, current_app.config["ECRM_VISITOR_DAYS"])
    elif present.drop_token:
        response.delete_cookie(VISITOR_COOKIE, path=_cookie_path(), httponly=True, samesite="Lax")


def _set_cookie(response: Response, name: str, value: str, days: int) -> None:
    response.set_cookie(
        name, value, max_age=days * 86400, path=_cookie_path(), secure=request.is_secure, httponly=True, samesite="Lax"
    )


def _cookie_path() -> str:
    return current_app.session_interface.get_cookie_path(current_app)
