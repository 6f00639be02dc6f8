"""Webhooks as EasyPost, AfterShip and Shippo document them, with our own values, and how each signs its own."""

from __future__ import annotations

import base64
import hmac
import json
import unicodedata
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

NUMBER = "1Z999AA10123456784"
SECRET = "shop-secret-é"
PATH = "/ecrm/carriers/easypost"


def easypost(*details: tuple[str, ...], number: str = NUMBER, event: str = "evt_1", **more: Any) -> bytes:
    """An event `tracker.updated`; details are (status, datetime) or (status, datetime, status_detail)."""
    tracker = {
        "id": "trk_1", "object": "Tracker", "mode": "production", "tracking_code": number, "carrier": "UPS",
        "status": details[-1][0] if details else "unknown", "signed_by": "John Tester", "weight": 17.6,
        "est_delivery_date": None, "updated_at": "2026-11-21T10:00:00Z",
        "tracking_details": [
            {
                "object": "TrackingDetail", "message": f"said {status}", "status": status, "datetime": at,
                "status_detail": detail,
                "tracking_location": {
                    "object": "TrackingLocation", "city": "KÖLN", "state": None, "country": "DE", "zip": "50667",
                },
            }
            for status, at, detail in ((*one, "")[:3] for one in details)
        ],
    }  # fmt: skip
    return _bytes(
        {
            "id": event, "object": "Event", "description": "tracker.updated", "mode": "production",
            "previous_attributes": {"status": "unknown"}, "pending_urls": [], "completed_urls": [],
            "created_at": "2026-11-21T10:00:00Z", "result": tracker, **more,
        }
    )  # fmt: skip


def aftership(*points: tuple[str, str, str], number: str = NUMBER, event: str = "3f645f5e-530b", **more: Any) -> bytes:
    """A `tracking_update`; checkpoints are (tag, subtag, checkpoint_time)."""
    return _bytes(
        {
            "ts": 1763700000, "event": "tracking_update", "event_id": event, "is_tracking_first_tag": True,
            "msg": {
                "id": "00000000", "tracking_number": number, "slug": "ups", "title": number, "customer_name": None,
                "tag": points[-1][0] if points else "Pending", "subtag": points[-1][1] if points else "Pending_001",
                "emails": [], "updated_at": "2026-11-21T10:00:00+00:00",
                "checkpoints": [
                    {
                        "slug": "ups", "city": "Köln", "state": None, "country_name": "Germany", "country_iso3": "DEU",
                        "location": "Köln", "message": f"said {tag}", "tag": tag, "subtag": subtag,
                        "checkpoint_time": at, "created_at": "2026-11-21T10:00:00+00:00",
                    }
                    for tag, subtag, at in points
                ],
            },
            **more,
        }
    )  # fmt: skip


def shippo(*history: tuple[str, str, str], number: str = NUMBER, **more: Any) -> bytes:
    """A `track_updated`; history is (status, substatus code, status_date)."""
    told = [
        {
            "object_id": f"o{place}", "status": status, "status_details": f"said {status}", "status_date": at,
            "substatus": {"code": code, "text": code, "action_required": False} if code else None,
            "location": {"city": "Köln", "state": "", "zip": "50667", "country": "DE"},
        }
        for place, (status, code, at) in enumerate(history)
    ]  # fmt: skip
    return _bytes(
        {
            "event": "track_updated", "test": False,
            "data": {
                "carrier": "ups", "tracking_number": number, "eta": None, "servicelevel": {"token": None, "name": None},
                "address_from": None, "address_to": None, "metadata": None,
                "tracking_status": told[-1] if told else None, "tracking_history": told,
            },
            **more,
        }
    )  # fmt: skip


def sign_easypost(body: bytes, *, secret: str = SECRET, at: datetime | None = None) -> dict[str, str]:
    """As EasyPost's newer header; without `at`, as the older one over the body alone."""
    key = unicodedata.normalize("NFKD", secret).encode()
    if at is None:
        return {"X-Hmac-Signature": f"hmac-sha256-hex={hmac.digest(key, body, 'sha256').hex()}"}
    stamp = format_datetime(at.astimezone(UTC))
    signed = f"{stamp}POST{PATH}".encode() + body
    return {
        "X-Timestamp": stamp, "X-Path": PATH,
        "X-Hmac-Signature-V2": f"hmac-sha256-hex={hmac.digest(key, signed, 'sha256').hex()}",
    }  # fmt: skip


def sign_aftership(body: bytes, *, secret: str = SECRET, at: datetime | None = None) -> dict[str, str]:
    digest = base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()
    return {"Aftership-Hmac-Sha256": digest, "As-Webhook-Version": "2026-07"}


def sign_shippo(body: bytes, *, secret: str = SECRET, at: datetime | None = None) -> dict[str, str]:
    stamp = str(int((at or datetime.now(UTC)).timestamp()))
    digest = hmac.digest(secret.encode(), f"{stamp}.".encode() + body, "sha256").hex()
    return {"Shippo-Auth-Signature": f"t={stamp},v1={digest}"}


def _bytes(value: Any) -> bytes:
    return json.dumps(value).encode()
