"""Bounces and complaints by a signed call: `POST <public>/mail-reports`, for whatever the mail provider can do.

    X-Mail-Timestamp: 1795340000
    X-Mail-Signature: hex of HMAC-SHA256(ECRM_REPORTS_SECRET, timestamp + "." + body)

The body is the message that came back (Content-Type `message/rfc822`), or JSON: one report or a list of them,
`{"kind": "hard" | "soft" | "complaint", "message_id": "<…>", "address": "…", "status": "5.1.1", "diagnostic": "…"}`.
Mailgun's own webhooks are understood as they are, signed with ECRM_MAILGUN_KEY.
"""

from __future__ import annotations

import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Response, abort, current_app, request
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from ecrm.collector.blueprint import public
from ecrm.installation import installation
from mailer.bounces import MOST_BYTES, kind_of, read
from mailer.reports import Kind, Reported

from .taking import take_all

TOLERANCE = timedelta(minutes=5)
MOST_REPORTS = 1000
_PASSING = frozenset({"old", "espblock", "greylisted"})
"""Mailgun's reasons to give up that say nothing of the mailbox: it was tried for hours, or its provider refuses us."""


class _Report(Schema):
    class Meta:
        unknown = EXCLUDE

    kind = fields.String(required=True, validate=validate.OneOf([one.value for one in Kind]))
    message_id = fields.String(required=True, validate=validate.Length(min=3, max=200))
    address = fields.String(load_default="", validate=validate.Length(max=254))
    status = fields.String(load_default="", validate=validate.Length(max=20))
    diagnostic = fields.String(load_default="")


@public.post("/mail-reports")
def mail_reports() -> Response:
    """Take what is signed; repeated calls change nothing."""
    request.max_content_length = MOST_BYTES
    now, body = datetime.now(UTC), request.get_data(cache=False)
    if request.mimetype == "message/rfc822":
        _check(body, now)
        found = read(body)
    else:
        found = _from_json(body, now)
    done = take_all(installation(), found, source="webhook", now=now)
    return Response(json.dumps({"reports": done}) + "\n", mimetype="application/json")


def _from_json(body: bytes, now: datetime) -> list[Reported]:
    if current_app.config["ECRM_MAILGUN_KEY"] and "X-Mail-Signature" not in request.headers:
        told = _parsed(body)
        _check_mailgun(told, now)
        return _of_mailgun(told)
    _check(body, now)
    told = _parsed(body)
    listed = told if isinstance(told, list) else [told]
    if len(listed) > MOST_REPORTS:
        words = {"errors": f"{len(listed)} reports; send at most {MOST_REPORTS} a call"}
        abort(Response(json.dumps(words) + "\n", 413, mimetype="application/json"))
    try:
        loaded = _Report(many=True).load(listed)
    except ValidationError as problem:
        abort(Response(json.dumps({"errors": problem.messages}) + "\n", 422, mimetype="application/json"))
    return [_storable(**one) for one in loaded]


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        abort(400)


def _check(body: bytes, now: datetime) -> None:
    """401 for what isn't signed by whom we gave the secret, or was signed too long ago."""
    secret, stamp = current_app.config["ECRM_REPORTS_SECRET"], request.headers.get("X-Mail-Timestamp", "")
    given = request.headers.get("X-Mail-Signature", "")
    right = hmac.digest(secret.encode(), stamp.encode() + b"." + body, "sha256").hex() if secret else ""
    if not secret or not _fresh(stamp, now) or not hmac.compare_digest(given.encode(), right.encode()):
        abort(401)


def _fresh(stamp: str, now: datetime) -> bool:
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12):
        return False
    return abs(now.timestamp() - int(stamp)) <= TOLERANCE.total_seconds()


def _check_mailgun(told: Any, now: datetime) -> None:
    """Mailgun signs timestamp and token with the account's webhook signing key (their "Securing webhooks")."""
    proof = told.get("signature") if isinstance(told, dict) else None
    if not isinstance(proof, dict):
        abort(401)
    stamp, token, given = (str(proof.get(name, "")) for name in ("timestamp", "token", "signature"))
    key = current_app.config["ECRM_MAILGUN_KEY"].encode()
    right = hmac.digest(key, f"{stamp}{token}".encode(), "sha256").hex()
    if not _fresh(stamp, now) or not hmac.compare_digest(given.encode(), right.encode()):
        abort(401)


def _of_mailgun(told: dict[str, Any]) -> list[Reported]:
    event = told.get("event-data")
    if not isinstance(event, dict):
        return []
    headers = _inside(_inside(event, "message"), "headers")
    status = _inside(event, "delivery-status")
    code = str(status.get("enhanced-code") or "")
    kind = None
    if event.get("event") == "complained":
        kind = Kind.COMPLAINT
    elif event.get("event") == "failed":
        permanent = event.get("severity") == "permanent" and event.get("reason") not in _PASSING
        kind = kind_of(code or "5.0.0") if permanent else Kind.SOFT
    message_id = str(headers.get("message-id", "")).strip("<>")
    if kind is None or not message_id:
        return []
    words = str(status.get("message") or status.get("description") or "")
    address = str(event.get("recipient", ""))
    return [_storable(kind=kind, message_id=f"<{message_id}>", address=address, status=code, diagnostic=words)]


def _inside(value: dict[str, Any], name: str) -> dict[str, Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _storable(*, kind: str, **texts: str) -> Reported:
    """PostgreSQL keeps no NUL and no half of a surrogate pair."""
    clean = {name: text.replace("\x00", "").encode("utf-8", "replace").decode() for name, text in texts.items()}
    return Reported(kind=Kind(kind), **clean)
