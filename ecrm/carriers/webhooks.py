"""`POST <public>/carriers/<aggregator>`: EasyPost, AfterShip and Shippo tell where parcels are, as they sign it.

200 {"taken": "taken" | "waiting" | "repeated" | "empty"}   after the commit, for everything that is genuine
400   signed, but no message of that aggregator
401   not signed by a secret of ours, or signed more than five minutes ago where the signature has a time
404   no such aggregator
413   above 1 MB
"""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import UTC, datetime

from flask import Response, abort, current_app, request

from ecrm.collector.blueprint import public
from ecrm.installation import installation
from tracking.delivery.aggregators.heard import NotGenuine, Signed, Unreadable, parsed
from tracking.delivery.aggregators.known import AGGREGATORS

from .taking import take_message

log = logging.getLogger("ecrm.carriers")
MOST_BYTES = 1024 * 1024


@public.post("/carriers/<aggregator>")
def carrier_webhook(aggregator: str) -> Response:
    """Take what is genuine, once; whatever order it comes in."""
    port = AGGREGATORS.get(aggregator)
    if port is None:
        abort(404)
    request.max_content_length = MOST_BYTES
    now, body = datetime.now(UTC), request.get_data(cache=False)
    call = Signed(body, {name.lower(): value for name, value in request.headers.items()})
    try:
        port.check(call, current_app.config[f"ECRM_{aggregator.upper()}_SECRETS"], now)
    except NotGenuine as why:
        log.warning("a call of %s was refused: %s", aggregator, why)
        abort(401)
    try:
        message = port.read(parsed(body))
    except Unreadable as why:
        log.warning("a signed call of %s can't be read: %s", aggregator, why)
        abort(400)
    event_id = message.event_id or hashlib.sha256(body).hexdigest()
    done = take_message(installation(), message, source=aggregator, event_id=event_id, now=now)
    return Response(json.dumps({"taken": done}) + "\n", mimetype="application/json")
