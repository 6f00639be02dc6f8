"""Walks the tiny host from stranger to console and prints what it saw as one JSON line. Run by path, on the wheel."""

from __future__ import annotations

import hmac
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from app import create_app, crm
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

import ecrm
from ecrm import migrating
from ecrm.installation import installation
from ecrm.ledger import PendingReaction
from ecrm.timetable import job_named
from tracking.clickstream.event import Event
from tracking.orders import SeenOrder


def main(folder: Path) -> None:
    """Stranger, consent, sign-in, two orders, training, greeting, e-mail, console."""
    app = create_app(folder)
    plugin = installation(app)
    migrating.upgrade(plugin.sessions.kw["bind"])
    stranger, boss = app.test_client(), app.test_client()
    seen: dict[str, object] = {"plugin_from": str(Path(ecrm.__file__).parent)}
    seen["home"] = stranger.get("/").text
    seen["cookies_before_choice"] = [c.key for c in stranger._cookies.values() if c.key.startswith("ecrm_")]
    seen["product_page"] = stranger.get("/goods/1").status_code
    stranger.post("/enter", data={"email": "ada@example.com"})
    seen["orders"] = [stranger.post("/buy/1").text, stranger.post("/buy/2").text]
    with app.app_context():
        job_named("learn").run(plugin)
        job_named("send-mail").run(plugin)
    seen["before"] = stranger.get("/orders/1").text
    stranger.post("/send/1", data={"tracking_number": "1z 999 aa1 01 2345 6784"})
    seen["carrier"] = [call.get_json() for call in (_easypost(app), _easypost(app))]
    seen["after"] = stranger.get("/orders/1").text
    seen["greeting"] = stranger.get("/").text
    boss.post("/enter", data={"email": "boss@example.com"})
    seen["console"] = boss.get("/console/", follow_redirects=True).status_code
    seen["console_for_customers"] = stranger.get("/console/").status_code
    plugin.writer.flush()
    with plugin.sessions() as session:
        seen["events"] = [row.name for row in session.scalars(select(Event).order_by(Event.id))]
        seen["crm_orders"] = [row.reference for row in session.scalars(select(SeenOrder).order_by(SeenOrder.id))]
        seen["owed"] = [row.last_error for row in session.scalars(select(PendingReaction)) if row.state != "done"]
    seen["mails"] = len(plugin.transport.sent)  # type: ignore[attr-defined]  # the memory transport
    seen["at"] = datetime.now(UTC).isoformat()
    plugin.writer.close()
    print(json.dumps(seen))  # noqa: T201
    assert crm is not None


def _easypost(app: Flask) -> TestResponse:
    """A signed call, as EasyPost's own: the parcel is in the van."""
    detail = {"object": "TrackingDetail", "status": "out_for_delivery", "datetime": datetime.now(UTC).isoformat()}
    tracker = {"object": "Tracker", "tracking_code": "1Z999AA10123456784", "tracking_details": [detail]}
    event = {"object": "Event", "id": "evt_1", "description": "tracker.updated", "result": tracker}
    body = json.dumps(event).encode()
    signature = f"hmac-sha256-hex={hmac.digest(b'a secret', body, 'sha256').hex()}"
    address = "/ecrm/carriers/easypost"
    return app.test_client().post(address, data=body, headers={"X-Hmac-Signature": signature})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
