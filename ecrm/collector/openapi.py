"""OpenAPI 3.1 of every JSON endpoint of the app, made from the structs that read the requests.

A host adds its own endpoints with `describe`; a test fails for a JSON route that nobody described.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from flask import Flask, Response, current_app, jsonify

from .api import BATCHES, CALL_OF_PATH, MOST_MESSAGES, collector
from .calls import CallMessage, CallTaken
from .messages import MAX_BATCH, MAX_MESSAGE, Accepted, Message, Problem

Operation = Mapping[str, Any]
_ARGUMENT = re.compile(r"<(?:[^<>]*:)?(\w+)>")
_TYPE = "application/json"
_PROBLEMS = {
    "400": "Unreadable: nothing was kept, `message` says why.",
    "401": "No write key, or one that is unknown or revoked.",
    "403": "A page of a site that isn't configured.",
    "413": f"A body of more than {MAX_BATCH} bytes.",
    "415": "Not JSON, or packed in another way than gzip.",
    "429": "Too many requests from this address; `Retry-After` says how many seconds to wait.",
    "503": "Can't be kept at the moment: send it again with the same messageId.",
}
_SEGMENT_ONLY = {
    "identify": [{"required": ["userId"]}, {"required": ["anonymousId"]}],
    "track": [{"required": ["userId", "event"]}, {"required": ["anonymousId", "event"]}],
    "page": [{"required": ["userId"]}, {"required": ["anonymousId"]}],
    "screen": [{"required": ["userId"]}, {"required": ["anonymousId"]}],
    "group": [{"required": ["groupId"]}],
    "alias": [{"required": ["previousId", "userId"]}],
}


def describe(app: Flask, endpoint: str, operation: Operation) -> None:
    """Add an endpoint of the host's own: an OpenAPI operation object; its path and method come from the route."""
    described: dict[str, Operation] = app.extensions.setdefault("ecrm_described", {})
    described[endpoint] = operation


@collector.get("/openapi.json")
def openapi() -> Response:
    """This description."""
    return jsonify(document(current_app))


def document(app: Flask) -> dict[str, Any]:
    """The description of an app's JSON endpoints."""
    described = _own_operations() | app.extensions.get("ecrm_described", {})
    paths: dict[str, dict[str, Any]] = {}
    for rule in app.url_map.iter_rules():
        operation = described.get(rule.endpoint)
        if operation is None:
            continue
        method = next(name for name in ("POST", "GET") if name in (rule.methods or ()))
        path = _ARGUMENT.sub(r"{\1}", rule.rule)
        paths.setdefault(path, {})[method.lower()] = {"operationId": f"{rule.endpoint}:{path}", **operation}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Collector",
            "version": "1",
            "description": "Segment's HTTP API. Answered after the messages are committed; a messageId counts once. "
            "“Order Completed” and the like are kept as reports and move no money: the shop tells its orders itself.",
        },
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"writeKey": {"type": "http", "scheme": "basic", "description": "The key is the user."}},
        },
    }


@cache
def _schemas() -> dict[str, Any]:
    _refs, schemas = msgspec.json.schema_components(
        [Message, Accepted, Problem, CallMessage, CallTaken], ref_template="#/components/schemas/{name}"
    )
    return dict(schemas)


@cache
def _own_operations() -> dict[str, Operation]:
    operations: dict[str, Operation] = {f"collector.{path}": _call(call) for path, call in CALL_OF_PATH.items()}
    operations |= {f"collector.{path}": _batch() for path in BATCHES}
    operations["collector.beacon"] = _batch()
    operations["collector.metrics"] = _post("Reports of an SDK on itself; not kept.", {"type": "object"}) | {
        "responses": {"200": _answer("Accepted", "Taken."), **_problems("401", "403", "413", "415", "429", "503")}
    }
    operations["collector.calls"] = _post(
        "A telephone call, by a secret key; the same id again adds to it.", {"$ref": "#/components/schemas/CallMessage"}
    ) | {
        "responses": {"200": _answer("CallTaken", "Committed."), **_problems(*_PROBLEMS)},
        "security": [{"writeKey": []}],
    }
    operations["collector.reset"] = {
        "summary": "End this browser's visitor.",
        "responses": {"200": _answer("Accepted", "Ended."), **_problems("403", "429")},
    }
    operations["collector.openapi"] = {
        "summary": "This description.",
        "responses": {"200": _json("It.", {"type": "object"}), **_problems("429")},
    }
    operations["collector.segment_settings"] = {
        "summary": "What Segment's SDK for browsers asks for.",
        "parameters": [_parameter("key", "path", {"type": "string"})],
        "responses": {"200": _json("Settings.", {"type": "object"}), **_problems("401", "429", "503")},
    }
    operations["collector.rudderstack_settings"] = {
        "summary": "What RudderStack's SDK for browsers asks for.",
        "parameters": [_parameter("writeKey", "query", {"type": "string"}, required=False)],
        "responses": {"200": _json("Settings.", {"type": "object"}), **_problems("401", "429", "503")},
    }
    operations["ecrm.seen"] = _seen()
    return operations


def _call(call: str) -> Operation:
    track = {"properties": {"event": {"pattern": r"\S"}}} if call == "track" else {}
    schema = {"allOf": [{"$ref": "#/components/schemas/Message"}], "anyOf": _SEGMENT_ONLY[call], **track}
    summary = f"Segment's {call}: one message of at most {MAX_MESSAGE} bytes."
    return _post(summary, schema) | {
        "responses": {"200": _answer("Accepted", "Committed."), **_problems(*_PROBLEMS)},
        "security": [{"writeKey": []}],
    }


def _batch() -> Operation:
    """Its messages aren't typed here: a wrong one is named in the answer 200 and doesn't make the batch wrong."""
    messages = {
        "type": "array",
        "maxItems": MOST_MESSAGES,
        "items": {"description": "A Message with its `type`. One that can't be kept is named in the answer."},
    }
    moment = {"type": ["string", "null"], "format": "date-time"}
    schema = {"type": "object", "required": ["batch"], "properties": {"batch": messages, "sentAt": moment}}
    return _post(f"Many messages, at most {MAX_BATCH} bytes.", schema) | {
        "responses": {"200": _answer("Accepted", "The good ones are committed."), **_problems(*_PROBLEMS)},
        "security": [{"writeKey": []}],
    }


def _seen() -> Operation:
    """Of the shop's own pages; its refusals are the host's error pages."""
    whole = {"type": "integer", "minimum": 0}
    engagement = {
        "type": "object",
        "additionalProperties": False,
        "required": ["path", "seconds", "scroll"],
        "properties": {
            "path": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": r"^/[^\x00]*$"},
            "seconds": {**whole, "maximum": 86_400},
            "scroll": {**whole, "maximum": 100},
        },
    }
    refused = {"400": "Unreadable.", "403": "Not from a page of this shop.", "413": "Too long.", "429": "Too many."}
    return {
        "summary": "How long a page was visible.",
        "parameters": [
            _parameter("Sec-Fetch-Site", "header", {"type": "string", "enum": ["same-origin"]}, required=False)
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": engagement}}},
        "responses": {
            "204": {"description": "Counted."},
            **{code: {"description": why} for code, why in refused.items()},
        },
    }


def _post(summary: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "summary": summary,
        "requestBody": {"required": True, "content": {_TYPE: {"schema": schema}}},
    }


def _problems(*codes: str) -> dict[str, Any]:
    return {code: _answer("Problem", _PROBLEMS[code]) for code in codes}


def _answer(struct: str, description: str) -> dict[str, Any]:
    return _json(description, {"$ref": f"#/components/schemas/{struct}"})


def _json(description: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _parameter(name: str, place: str, schema: Mapping[str, Any], *, required: bool = True) -> dict[str, Any]:
    return {"name": name, "in": place, "required": required, "schema": schema}
