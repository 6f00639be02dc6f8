"""Shippo: the webhook `track_updated`, and the Tracks API.

Sources, read in November 2026: docs.goshippo.com/tracking/webhook-security (HMAC, which Shippo sets up on request, and
a token in the address), /tracking/webhooks (`track_updated` carries a track; two more tries after 408, 429 and 5xx),
/tracking/tracking (asking and registering, `ShippoToken`). The header `Shippo-Auth-Signature: t=…,v1=…` over
"timestamp.body" is as public integrations read that page. The codes of sub-statuses are the 27 of the table in Shippo's
own documentation of tracking (goshippo.com/docs/tracking, "Event Definitions", read in a public copy); one that isn't
in it leaves the status as it is.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

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
    fresh,
    has_zone,
    in_order,
    inside,
    listed,
    moment,
    normal_number,
    place_of,
    signed_by,
    unix_moment,
)

STATUSES: dict[str, Status | None] = {
    "UNKNOWN": None,
    "PRE_TRANSIT": Status.PRE_TRANSIT,
    "TRANSIT": Status.IN_TRANSIT,
    "DELIVERED": Status.DELIVERED,
    "RETURNED": Status.RETURN_TO_SENDER,
    "FAILURE": Status.EXCEPTION,
}
"""All six."""
SUB_STATUSES = {
    "out_for_delivery": Status.OUT_FOR_DELIVERY, "pickup_available": Status.AVAILABLE_FOR_PICKUP,
    "address_issue": Status.EXCEPTION, "contact_carrier": Status.EXCEPTION, "delayed": Status.EXCEPTION,
    "delivery_attempted": Status.EXCEPTION, "location_inaccessible": Status.EXCEPTION,
    "notice_left": Status.EXCEPTION, "package_damaged": Status.EXCEPTION, "package_held": Status.EXCEPTION,
    "reschedule_delivery": Status.EXCEPTION,
}  # fmt: skip
"""Of a parcel in transit. In trouble are the delayed, and those for which Shippo says that somebody has to act; the
others (accepted, arrived, departed, forwarded, processed, scheduled, rescheduled) go on."""
_TOKENS = {"dhl": "dhl_express", "royal mail": "royal_mail"}


def check(call: Signed, secrets: Sequence[str], now: datetime) -> None:
    """The signature over timestamp and body, not older than five minutes.

    Raises:
        NotGenuine: for a wrong, missing or old one.
    """
    parts = dict(part.strip().partition("=")[::2] for part in call.headers.get("shippo-auth-signature", "").split(","))
    stamp, given = parts.get("t", ""), parts.get("v1", "").lower()
    signed = stamp.encode() + b"." + call.body
    if not signed_by(secrets, given, lambda secret: hmac.digest(secret.encode(), signed, "sha256").hex()):
        raise NotGenuine("wrong signature")
    if not fresh(unix_moment(stamp), now):
        raise NotGenuine("old timestamp")


def read(event: Any) -> Message:
    """A webhook; those about anything but a track are about no parcel. Shippo gives them no id of their own.

    Raises:
        Unreadable: for what is no webhook of Shippo's.
    """
    if not isinstance(event, dict) or "event" not in event or not isinstance(event.get("data"), dict):
        raise Unreadable("no event with data")
    return _of_track(event["data"]) if event["event"] == "track_updated" else Message("", "", "", ())


def question(base: str, key: str, number: str, carrier: str) -> Question:
    """Ask for the track of this number."""
    address = f"{base}/tracks/{quote(_token(carrier), safe='')}/{quote(number, safe='')}"
    return Question("GET", address, {"Authorization": f"ShippoToken {key}"})


def answer(told: Any) -> Message | None:
    """What was answered to `question`.

    Raises:
        Unreadable: for what is no track.
    """
    if not isinstance(told, dict) or "tracking_number" not in told:
        raise Unreadable("no track")
    return _of_track(told)


def _of_track(track: dict[str, Any]) -> Message:
    scans = [scan for one in listed(track, "tracking_history") for scan in _scan(one)]
    scans += _scan(inside(track, "tracking_status"))
    number, carrier = normal_number(track.get("tracking_number")), clean(track.get("carrier"), longest=40)
    return Message("", number, carrier, in_order(scans))


def _scan(told: dict[str, Any]) -> list[Heard]:
    status, at = STATUSES.get(str(told.get("status"))), moment(told.get("status_date"))
    if status is Status.IN_TRANSIT:
        status = SUB_STATUSES.get(str(inside(told, "substatus").get("code")), status)
    if status is None or at is None:
        return []
    place = inside(told, "location")
    where = place_of(place.get("city"), place.get("state"), place.get("country"))
    zoned = has_zone(told.get("status_date"))
    return [Heard(status, at, where, clean(told.get("status_details"), longest=200), zoned=zoned)]


def _token(carrier: str) -> str:
    return _TOKENS.get(carrier, "_".join(carrier.split()) or "unknown")


SHIPPO = Aggregator("shippo", "Shippo", "https://api.goshippo.com", check, read, question, answer)
