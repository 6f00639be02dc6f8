"""Who this browser is, as far as it agreed to be known; and the page views that the plugin records by itself.

Two cookies: `ecrm_consent` holds the grade chosen in the consent banner, `ecrm_visitor` a random token. The second
exists only with the grades ANALYTICS and PERSONAL; without them a step is counted and leads to nobody.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, wraps
from time import perf_counter
from typing import Any, NamedTuple, ParamSpec, TypeVar

from flask import Flask, Request, Response, current_app, has_request_context, request
from werkzeug.exceptions import HTTPException

from tracking.clickstream.referrers import searched_term
from tracking.clickstream.sightings import Sighting
from tracking.clickstream.sources import CLICK_IDS
from tracking.visitors import Grade

from .clicked import origin_of
from .events import PageViewed, ProductAdded, ProductClicked, ProductViewed, Seen, SignedOut
from .installation import Installation, installation
from .recommending.latest_steps import OF_PRODUCTS, Step

log = logging.getLogger("ecrm.identification")
P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F")

CONSENT_COOKIE = "ecrm_consent"
VISITOR_COOKIE = "ecrm_visitor"
CONSENT_DAYS = 182  # the question may be asked again after six months, as CNIL recommends for a refusal as for a yes
# Flask's own reading of all cookies takes as long as half of what a page view costs here.
_CHOSEN = re.compile(rf"(?:^|;)\s*{CONSENT_COOKIE}=\"?([^;\"\s]*)")
_GIVEN = re.compile(rf"(?:^|;)\s*{VISITOR_COOKIE}=\"?([^;\"\s]*)")
_TOKEN = re.compile(r"[0-9a-f]{32}")
_UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "utm_id")
_GRADES = {str(int(grade)): grade for grade in Grade}
_EMPTY = ("", ())
_ARGUMENT = re.compile(r"<[^>]*>")
_BROWSER, _STARTED = "ecrm.browser", "ecrm.started"  # keys of the WSGI environment: `g` outlives a request in tests


@dataclass(slots=True)
class Browser:
    """The browser of one request, read once: every look at Flask's `request` costs a page as much as all this.

    `chosen` is None before a choice; the three flags say what cookies the response must carry.
    """

    crm: Installation
    chosen: Grade | None
    grade: Grade
    token: str | None
    user_agent: str
    path: str
    referrer: str
    curious: bool
    country: str = ""
    made_token: bool = False
    drop_token: bool = False
    keep_choice: bool = False


def init_app(app: Flask) -> None:
    """Time every request and record the page views of the host's own pages."""
    own = (f"{app.config[key].rstrip('/')}/" for key in ("ECRM_CONSOLE_PREFIX", "ECRM_PUBLIC_PREFIX"))
    untracked = (*app.config["ECRM_UNTRACKED_PATHS"], *own)
    app.extensions["ecrm_route_of"] = _routes(app)
    app.before_request(_start)

    @app.after_request
    def finish(response: Response) -> Response:
        _finish(response, untracked)
        return response


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
    return _token(browser()) if has_request_context() else None


@_harmless(None)
def observe(event: Seen) -> None:
    """Record a step of the present visitor, in the background; nothing outside of a request or in a prefetch."""
    if not has_request_context():
        return
    present = browser()
    if present.curious:
        if isinstance(event, ProductViewed | ProductAdded):
            _record_click(present, event)
        properties = {key: value for key, value in vars(event).items() if value not in _EMPTY}
        _record(present, event.name, event.subject, properties, known=event.known)
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
    """The browser of this request.

    Raises:
        RuntimeError: outside of a request.
    """
    environ = request.environ
    found: Browser | None = environ.get(_BROWSER)
    if found is None:
        found = environ[_BROWSER] = _read(request._get_current_object())  # type: ignore[attr-defined]  # of the proxy
    return found


def _read(asked: Request) -> Browser:
    environ = asked.environ
    cookies = environ.get("HTTP_COOKIE", "")
    chosen = _GRADES.get(said[1]) if (said := _CHOSEN.search(cookies)) else None
    grade = chosen or Grade.NONE  # before a choice nobody is followed, so GPC and DNT have nothing left to refuse
    token = given[1] if (given := _GIVEN.search(cookies)) else ""
    followed = grade is not Grade.NONE
    crm = installation()
    return Browser(
        crm=crm,
        chosen=chosen,
        grade=grade,
        token=token if followed and _TOKEN.fullmatch(token) else None,
        user_agent=environ.get("HTTP_USER_AGENT", ""),
        path=_path(asked, grade),
        referrer=_referrer(environ.get("HTTP_REFERER", ""), environ.get("HTTP_HOST", ""), whole=followed),
        curious=asked.method != "HEAD" and "prefetch" not in (_purpose(environ) or ""),
        country=crm.countries.of(environ) if followed else "",
        drop_token=bool(token) and not followed,
    )


def kept_path(path: str, grade: Grade) -> str:
    """What may be kept of a path that somebody reports: as much as of the page itself, were it shown at this grade."""
    inside = path.removeprefix(request.script_root)
    route_of: Callable[[str, str], _Route | None] = current_app.extensions["ecrm_route_of"]
    route = route_of(request.host, inside)
    return path if route is None else _kept(inside, route.rule, route.arguments, grade)


class _Route(NamedTuple):
    """The route of a path; `arguments`: those that the path holds."""

    rule: str
    arguments: Collection[str]


def _routes(app: Flask) -> Callable[[str, str], _Route | None]:
    """The route of a path of this host; remembered, as a collector asks it for every message."""

    @lru_cache(maxsize=4096)
    def route_of(_host: str, inside: str) -> _Route | None:
        adapter = app.create_url_adapter(request)
        try:
            matched = adapter.match(inside, method="GET", return_rule=True) if adapter else None
        except HTTPException:
            matched = None
        return None if matched is None else _Route(matched[0].rule, frozenset(matched[1]))

    return route_of


def _path(asked: Request, grade: Grade) -> str:
    return asked.path if asked.url_rule is None else _kept(asked.path, asked.url_rule.rule, asked.view_args, grade)


def _kept(path: str, rule: str, arguments: Collection[str] | None, grade: Grade) -> str:
    """The page; or its route's pattern below PERSONAL, as an order's number would lead to a person, and where the path
    holds a key (an argument called `token`), which must lie in no table that others read."""
    if grade is Grade.PERSONAL and "token" not in (arguments or ()):
        return path
    return _ARGUMENT.sub("*", rule)


def holds_key(asked: Request) -> bool:
    """Whether the path itself opens something: one of its arguments is called `token`."""
    return "token" in (asked.view_args or ())


def _purpose(environ: dict[str, Any]) -> str | None:
    return environ.get("HTTP_SEC_PURPOSE") or environ.get("HTTP_PURPOSE")


def _referrer(address: str, host: str, *, whole: bool) -> str:
    """The page of another site that led here, without its query; for strangers only the site."""
    if not address:
        return ""
    address = address.partition("?")[0].partition("#")[0]
    scheme, _, rest = address.partition("//")
    site = rest.partition("/")[0]
    if not site or site == host:
        return ""
    return address if whole else f"{scheme}//{site}"


def _token(present: Browser) -> str | None:
    if present.token is None and present.grade is not Grade.NONE:
        present.token, present.made_token = secrets.token_hex(16), True
    return present.token


@_harmless(None)
def _start() -> None:
    request.environ[_STARTED] = perf_counter()


@_harmless(None)
def _finish(response: Response, untracked: tuple[str, ...]) -> None:
    asked: Request = request._get_current_object()  # type: ignore[attr-defined]  # of the proxy
    try:
        if _is_page(asked, response, untracked):
            _record_page(asked, response)
    finally:  # a choice of the visitor is kept even where the shop can't say who is signed in
        if (present := asked.environ.get(_BROWSER)) is not None:
            _send_cookies(present, response)


def _is_page(asked: Request, response: Response, untracked: tuple[str, ...]) -> bool:
    """Whether a person asked for a page of the host and got it, or its "not found"."""
    return (
        asked.method == "GET"
        and response.status_code in (200, 404)
        and response.mimetype == "text/html"
        and asked.environ.get("HTTP_SEC_FETCH_DEST", "document") == "document"
        and not asked.path.startswith(untracked)
        and f"{asked.path}/" not in untracked
    )


def _record_page(asked: Request, response: Response) -> None:
    present, environ = browser(), asked.environ
    if not present.curious:
        return
    seconds = perf_counter() - environ.get(_STARTED, perf_counter())
    properties = {"path": present.path, "status": response.status_code, "milliseconds": round(seconds * 1000)}
    if environ.get("QUERY_STRING"):
        properties |= _tags(asked.args)
    address = environ.get("HTTP_REFERER", "")
    if present.referrer and "?" in address and present.grade is not Grade.NONE and (term := searched_term(address)):
        properties["referrer_term"] = term[:100]
    _record(present, PageViewed.name, present.path, properties, known=PageViewed.known)


def _record_click(present: Browser, event: ProductViewed | ProductAdded) -> None:
    """That this product was opened from a recommendation, or put into the cart there, where the address says so."""
    origin = origin_of(request._get_current_object())  # type: ignore[attr-defined]  # of the proxy
    if origin is None:
        return
    clicked = ProductClicked(
        product_id=event.product_id, list_id=origin.placement, position=origin.position, strategy=origin.strategy,
        added=isinstance(event, ProductAdded),
    )  # fmt: skip
    properties = {key: value for key, value in vars(clicked).items() if value not in _EMPTY}
    _record(present, clicked.name, clicked.subject, properties, known=clicked.known)


def _tags(query: Mapping[str, str]) -> dict[str, str]:
    """The tags of a campaign, and which kind of click id there is: its value would identify a person."""
    tags = {name: value[:100] for name in _UTM if (value := query.get(name))}
    if kind := next((name for name in CLICK_IDS if query.get(name)), None):
        tags["click_id"] = kind
    return tags


def _record(present: Browser, name: str, subject: str, properties: dict[str, Any], *, known: Grade) -> None:
    """`known`: from which grade on the step leads to its visitor."""
    customer = present.crm.storefront.current_customer() if present.grade is Grade.PERSONAL else None
    at, token = datetime.now(UTC), _token(present) if present.grade >= known else None
    if token is not None and present.grade is Grade.PERSONAL and name in OF_PRODUCTS:
        present.crm.latest_steps.note(token, customer.customer_id if customer else None, Step(at, name, subject))
    present.crm.writer.put(
        Sighting(
            at=at,
            name=name,
            subject=subject,
            properties=properties,
            visitor_token=token,
            grade=present.grade,
            customer_reference=customer.customer_id if customer else None,
            user_agent=present.user_agent,
            referrer=present.referrer,
            path=present.path,
            country=present.country,
        )
    )


def _send_cookies(present: Browser, response: Response) -> None:
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
