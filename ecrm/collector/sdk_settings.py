"""What Segment's and RudderStack's SDKs for browsers ask for before they send: settings that name this shop alone.

Shapes as the SDKs read them: @segment/analytics-next `GET {cdnURL}/v1/projects/{key}/settings`,
@rudderstack/analytics-js `GET {configUrl}/sourceConfig/?writeKey=…` (with the key as Basic user, too).
"""

from __future__ import annotations

from flask import Response, current_app, jsonify, request

from .api import collector
from .key_ring import KeyRing
from .senders import UnknownKey, shown_key
from .write_keys import BROWSER

CACHED_SECONDS = 300


@collector.get("/projects/<key>/settings")
def segment_settings(key: str) -> Response:
    """No destinations, no metrics to Segment; events go to where this was asked."""
    _check(key)
    home = {
        "apiKey": key,
        "apiHost": request.host + current_app.config["ECRM_COLLECTOR_PREFIX"],
        "protocol": request.scheme,
        "addBundledMetadata": False,
    }
    return _cached(
        jsonify(
            integrations={"Segment.io": home}, plan={"track": {"__default": {"enabled": True, "integrations": {}}}},
            middlewareSettings={}, enabledMiddleware={}, metrics={"sampleRate": 0}, remotePlugins=[],
            analyticsNextEnabled=True,
        )
    )  # fmt: skip


@collector.get("/sourceConfig/")
@collector.get("/sourceConfig")
def rudderstack_settings() -> Response:
    """A source without destinations, and no reports about the SDK itself."""
    key = shown_key(request)
    _check(key)
    silent = {"errors": {"enabled": False}, "metrics": {"enabled": False}}
    source = {
        "id": "ecrm", "name": "e-CRM", "writeKey": key, "enabled": True, "workspaceId": "ecrm", "destinations": [],
        "connections": [], "config": {"statsCollection": silent}, "dataplanes": {},
    }  # fmt: skip
    return _cached(jsonify(source=source, consentManagementMetadata={"providers": []}))


def _check(key: str) -> None:
    """Only a public key: a secret one in a page would be everybody's."""
    ring: KeyRing = current_app.extensions["ecrm_key_ring"]
    known = ring.key(key)
    if known is None or known.kind != BROWSER:
        raise UnknownKey


def _cached(response: Response) -> Response:
    response.headers["Cache-Control"] = f"public, max-age={CACHED_SECONDS}"
    return response
