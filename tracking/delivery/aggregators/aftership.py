"""AfterShip: the webhook `tracking_update`, and the Tracking API.

Sources, read in November 2026: aftership.com/docs/tracking/webhook/webhook-signature (`aftership-hmac-sha256`: base64
of HMAC-SHA256 of the body), /webhook/webhook-specifications and developers.aftership.com/reference/specification
(`event_id`, `msg`, checkpoints), docs.aftership.com/api/4/webhook (how checkpoints write their time; 14 more tries of
an unanswered call, the last days later, which is why `ts` is no measure of age), /docs/tracking/enum/delivery-statuses
and /delivery-sub-statuses, /docs/tracking/quickstart (`as-api-key`, addresses).
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from ..shipment import Status
from .heard import (
    Aggregator,
    Heard,
    Message,
    NotGenuine,
    Question,
    Signed,
    Unreadable,
    clean,
    has_zone,
    in_order,
    inside,
    listed,
    moment,
    normal_number,
    place_of,
    signed_by,
)

STATUSES: dict[str, Status | None] = {
    "Pending": None,
    "InfoReceived": Status.PRE_TRANSIT,
    "InTransit": Status.IN_TRANSIT,
    "OutForDelivery": Status.OUT_FOR_DELIVERY,
    "AttemptFail": Status.EXCEPTION,
    "AvailableForPickup": Status.AVAILABLE_FOR_PICKUP,
    "Delivered": Status.DELIVERED,
    "Exception": Status.EXCEPTION,
    "Expired": None,
}
"""All nine. `Pending` and `Expired` say that AfterShip heard nothing; the shop's own signs of a delay see that, too."""
SUB_STATUSES = {
    "Exception_010": Status.RETURN_TO_SENDER,
    "Exception_011": Status.RETURN_TO_SENDER,
    "Exception_020": Status.CANCELLED,
}
"""Of an exception: on its way back or back with the sender, and shipment cancelled (since March 2026)."""
VERSION = "2026-07"
_SLUGS = {"usps": "usps", "ups": "ups", "fedex": "fedex", "dhl": "dhl", "dpd": "dpd", "royal mail": "royal-mail"}


def check(call: Signed, secrets: Sequence[str], now: datetime) -> None:
    """The signature covers the body and nothing else; there is no signed time of sending that could be too old.

    Raises:
        NotGenuine: for a wrong or missing one.
    """
    given = call.headers.get("aftership-hmac-sha256", "").strip()
    if not signed_by(secrets, given, lambda secret: _digest(secret, call.body)):
        raise NotGenuine("wrong signature")


def read(event: Any) -> Message:
    """A webhook; those that tell no status (a new estimate, a parcel that waits) have no scans that are news.

    Raises:
        Unreadable: for what is no webhook of AfterShip's.
    """
    if not isinstance(event, dict) or not isinstance(event.get("msg"), dict) or "event" not in event:
        raise Unreadable("no event with msg")
    return _of_tracking(clean(event.get("event_id"), longest=100), event["msg"])


def question(base: str, key: str, number: str, carrier: str) -> Question:
    """Ask for the trackings of this number."""
    asked = {"tracking_numbers": number} | ({"slug": _SLUGS[carrier]} if carrier in _SLUGS else {})
    return Question("GET", f"{base}/tracking/{VERSION}/trackings?{urlencode(asked)}", {"as-api-key": key})


def telling(base: str, key: str, number: str, carrier: str) -> Question:
    """Have AfterShip follow this number."""
    told = {"tracking_number": number} | ({"slug": _SLUGS[carrier]} if carrier in _SLUGS else {})
    return Question("POST", f"{base}/tracking/{VERSION}/trackings", {"as-api-key": key}, told)


def answer(told: Any) -> Message | None:
    """What was answered to `question`.

    Raises:
        Unreadable: for what holds no list of trackings.
    """
    data = inside(told, "data")
    if not isinstance(data.get("trackings"), list):
        raise Unreadable("no trackings")
    found = listed(data, "trackings")
    return _of_tracking("", found[0]) if found else None


def _of_tracking(event_id: str, tracking: dict[str, Any]) -> Message:
    scans = []
    for point in listed(tracking, "checkpoints"):
        city, country = point.get("city"), point.get("country_name") or point.get("country_iso3")
        where = place_of(city, point.get("state"), country) or clean(point.get("location"), longest=100)
        scans += _scan(point.get("tag"), point.get("subtag"), point.get("checkpoint_time"), where, point.get("message"))
    if not scans:
        words = tracking.get("subtag_message")
        scans = _scan(tracking.get("tag"), tracking.get("subtag"), tracking.get("updated_at"), "", words)
    number, slug = normal_number(tracking.get("tracking_number")), clean(tracking.get("slug"), longest=40)
    return Message(event_id, number, slug, in_order(scans))


def _scan(tag: object, subtag: object, at: object, place: str, words: object) -> list[Heard]:
    known, when = SUB_STATUSES.get(str(subtag), STATUSES.get(str(tag))), moment(at)
    if known is None or when is None:
        return []
    return [Heard(known, when, place, clean(words, longest=200), zoned=has_zone(at))]


def _digest(secret: str, body: bytes) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()


AFTERSHIP = Aggregator(
    "aftership", "AfterShip", "https://api.aftership.com", check, read, question, answer, telling=telling
)
