"""What readers of our e-mails do here: a followed link names its e-mail in `ecm`, a loaded picture in its address.

Both are only in e-mails to people who agreed. The request does next to nothing: what it saw is judged and stored by the
writer's thread (`mailer.engagement.note`), and the tag is in nothing that is kept of addresses.
"""

from __future__ import annotations

import logging
from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from flask import Flask, Response, current_app, request
from sqlalchemy.orm import Session

from ecrm.collector.blueprint import public
from ecrm.identification import holds_key
from ecrm.installation import installation
from ecrm.mail_links import PARAMETER, MailKeys, Purpose, mail_keys
from mailer.engagement import Deed, Machine, Seen, note
from tracking.clickstream.bots import is_bot
from tracking.clickstream.rollups import day_of

log = logging.getLogger("ecrm.mail_deeds")

PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_ASKED = f"{PARAMETER}="
_PROXIES = ("googleimageproxy", "yahoomailproxy", "outlook-ios", "apple-mail-privacy")
_MPP = "Mozilla/5.0"
"""All that Apple's Mail Privacy Protection says of itself when it loads every picture of every e-mail."""
_OURS = frozenset({"same-origin"})


def init_app(app: Flask) -> None:
    """Read links of e-mails in every answered request of the host's pages."""

    @app.after_request
    def follow(response: Response) -> Response:
        if _ASKED in request.environ.get("QUERY_STRING", ""):
            _followed(response)
        return response


@public.get("/opened/<token>.gif")
def opened(token: str) -> Response:
    """The picture at an e-mail's end; the same for every token, so that it tells nobody whether one is good."""
    email_id = _keys().read_email(Purpose.OPEN, token)
    if email_id is not None and request.method == "GET":
        _leave(Seen(email_id, Deed.OPEN, "", datetime.now(UTC), _who_loads(request.environ.get("HTTP_USER_AGENT", ""))))
    picture = Response(PIXEL, mimetype="image/gif")
    picture.headers["Cache-Control"] = "no-store"
    picture.headers["X-Robots-Tag"] = "noindex"
    return picture


def _followed(response: Response) -> None:
    """A broad `except` stands here on purpose: a shop must sell even where counting its readers fails."""
    try:
        email_id = _keys().read_email(Purpose.CLICK, request.args.get(PARAMETER, ""))
        if email_id is None or not _is_arrival(response):
            return
        path = request.url_rule.rule if request.url_rule is not None and holds_key(request) else request.path
        _leave(Seen(email_id, Deed.CLICK, path, datetime.now(UTC), _machine(request.environ, request.method)))
    except Exception:
        log.exception("a followed link could not be noted")


def _is_arrival(response: Response) -> bool:
    """Somebody came from elsewhere and got an answer: a redirect's target is counted, and a page of ours that keeps
    the tag in a link of its own leads nobody in."""
    if request.method not in {"GET", "HEAD"} or 300 <= response.status_code < 400:
        return False
    return request.environ.get("HTTP_SEC_FETCH_SITE", "none") not in _OURS


def _machine(environ: Mapping[str, Any], method: str) -> Machine:
    if is_bot(environ.get("HTTP_USER_AGENT", "")):
        return Machine.BOT
    if method == "HEAD":
        return Machine.HEAD
    purpose = environ.get("HTTP_SEC_PURPOSE") or environ.get("HTTP_PURPOSE") or ""
    return Machine.PREFETCH if "prefetch" in purpose else Machine.NONE


def _who_loads(user_agent: str) -> Machine:
    """Proxies load pictures when an e-mail arrives, or hide who loads them: no opening that anybody can vouch for."""
    agent = user_agent.strip()
    if agent == _MPP or any(name in agent.lower() for name in _PROXIES):
        return Machine.PROXY
    return Machine.BOT if is_bot(agent) else Machine.NONE


def _leave(seen: Seen) -> None:
    installation().writer.do(partial(_note, seen))


def _note(seen: Seen, session: Session, zone: str) -> None:
    note(session, [seen], day_of=partial(_day, zone))


def _day(zone: str, at: datetime) -> Any:
    return day_of(at, zone)


def _keys() -> MailKeys:
    """One an app: deriving them takes longer than reading a token."""
    found: MailKeys | None = current_app.extensions.get("ecrm_mail_keys")
    if found is None:
        found = current_app.extensions["ecrm_mail_keys"] = mail_keys()
    return found
