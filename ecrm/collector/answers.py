"""What the collector answers: JSON that says what to do, and the headers that let the configured sites read it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import msgspec
from flask import Blueprint, Response, current_app, request
from sqlalchemy.exc import SQLAlchemyError

from tracking.clickstream.inbox import Unavailable

from .body import TooLarge, UnknownEncoding
from .messages import MAX_BATCH, Accepted, Problem, Refused, Unreadable
from .pace import TooMany
from .senders import ForeignOrigin, UnknownKey, is_own_page

log = logging.getLogger("ecrm.collector")

_ALLOWED_HEADERS = "Authorization, Content-Type, Content-Encoding, AnonymousId, X-Retry-Count"
_RETRY_SECONDS = "5"
_encode = msgspec.json.Encoder().encode


def init_blueprint(blueprint: Blueprint) -> None:
    """Answer every failure of these views in words, and every browser of a configured site."""
    for error, answer in _ANSWERS.items():
        blueprint.register_error_handler(error, answer)
    blueprint.after_request(_for_browsers)


def json_answer(value: object, status: int = 200) -> Response:
    """A struct as JSON."""
    return Response(_encode(value), status, content_type="application/json")


def accepted(count: int, refused: Sequence[Refused]) -> Response:
    """200: so many messages are committed; the others are named with the reason."""
    return json_answer(Accepted(success=True, accepted=count, errors=list(refused)))


def problem(status: int, code: str, message: str) -> Response:
    """Any other answer: nothing was kept."""
    return json_answer(Problem(success=False, code=code, message=message), status)


def _unreadable(error: Exception) -> Response:
    return problem(400, "unreadable", str(error))


def _unknown_key(_error: Exception) -> Response:
    answer = problem(
        401,
        "unknown_key",
        "Send a write key that the console's “Data sources” lists, as the Basic user or as writeKey.",
    )
    if (
        not request.headers.get("Origin") and "Sec-Fetch-Site" not in request.headers
    ):  # else browsers ask for a password
        answer.headers["WWW-Authenticate"] = 'Basic realm="collector"'
    return answer


def _foreign_origin(_error: Exception) -> Response:
    return problem(403, "foreign_origin", "This site isn't listed in ECRM_COLLECTOR_ORIGINS.")


def _too_large(_error: Exception) -> Response:
    return problem(413, "too_large", f"A body may have {MAX_BATCH} bytes, unpacked; send smaller batches.")


def _unknown_encoding(error: Exception) -> Response:
    return problem(415, "unknown_encoding", str(error))


def _too_many(error: Exception) -> Response:
    answer = problem(429, "too_many", "Too many requests from this address; wait and send again.")
    answer.headers["Retry-After"] = str(error)
    return answer


def _unavailable(_error: Exception) -> Response:
    """Sent again, a message that had been kept after all is counted once: so nothing can be lost or doubled."""
    answer = problem(
        503, "unavailable", "The messages can't be kept at the moment; send them again, with the same ids."
    )
    answer.headers["Retry-After"] = _RETRY_SECONDS
    return answer


def _no_database(error: Exception) -> Response:
    log.exception("the collector can't reach the database", exc_info=error)
    return _unavailable(error)


_ANSWERS = {
    Unreadable: _unreadable,
    UnknownKey: _unknown_key,
    ForeignOrigin: _foreign_origin,
    TooLarge: _too_large,
    UnknownEncoding: _unknown_encoding,
    TooMany: _too_many,
    Unavailable: _unavailable,
    SQLAlchemyError: _no_database,
}


def _for_browsers(response: Response) -> Response:
    """CORS for exactly the configured origins; https://fetch.spec.whatwg.org/#http-cors-protocol."""
    headers = response.headers
    if "Cache-Control" not in headers:
        headers.add("Cache-Control", "no-store")
    if "Vary" in headers:
        response.vary.add("Origin")
    else:  # nearly always, and `vary` takes as long as reading the message
        headers.add("Vary", "Origin")
    origin = request.environ.get("HTTP_ORIGIN")
    if origin is None or is_own_page(request) or origin not in current_app.config["ECRM_COLLECTOR_ORIGINS"]:
        return response
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Allow-Credentials"] = "true"
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = "GET, POST"
        response.headers["Access-Control-Allow-Headers"] = _ALLOWED_HEADERS
        response.headers["Access-Control-Max-Age"] = "7200"
    else:
        response.headers["Access-Control-Expose-Headers"] = "Retry-After"
    return response
