"""EasyPost: events `tracker.created` and `tracker.updated`, and the Trackers API.

Sources, read in November 2026: docs.easypost.com/docs/trackers (statuses, tracking details, one tracker a code and
carrier: asking for it twice returns the first), /docs/webhooks and /guides/tracking-guide (`X-Hmac-Signature`, event
names), easypost.com/tracking-webhooks (an example event), support.easypost.com article 39826034964237 "Webhook HMAC
Validation" (headers `x-timestamp` in RFC 2822, `x-path`, `x-hmac-signature-v2`). That article was read in part only:
that the newer signature covers timestamp, method, path and body, in this order, is how public integrations make it.
The older one, over the body alone, is `hmac-sha256-hex=` with the secret in NFKD, as EasyPost's clients do it. The 28
values of `status_detail` stand in the comments of EasyPost's own client for .NET (Tracker.StatusDetail).
"""

from __future__ import annotations

import base64
import hmac
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Any

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
    mail_moment,
    moment,
    normal_number,
    place_of,
    signed_by,
)

STATUSES: dict[str, Status | None] = {
    "unknown": None,
    "pre_transit": Status.PRE_TRANSIT,
    "in_transit": Status.IN_TRANSIT,
    "out_for_delivery": Status.OUT_FOR_DELIVERY,
    "available_for_pickup": Status.AVAILABLE_FOR_PICKUP,
    "delivered": Status.DELIVERED,
    "return_to_sender": Status.RETURN_TO_SENDER,
    "failure": Status.EXCEPTION,
    "cancelled": Status.CANCELLED,
    "error": None,
}
"""All documented ones. `unknown` and `error` speak of EasyPost, not of the parcel."""
TROUBLE = frozenset(
    {
        "address_correction", "damaged", "delayed", "delivery_exception", "failure", "held", "lost", "refused",
        "return", "transit_exception", "weather_delay",
    }
)  # fmt: skip
"""Details of a parcel "in transit" that isn't getting on. One that is called "return" without the status
`return_to_sender` is in trouble, not at its end: an end is never taken back."""
_CARRIERS = {"usps": "USPS", "ups": "UPS", "fedex": "FedEx", "royal mail": "RoyalMail", "dpd": "DPD", "gls": "GLS"}
"""Where our name says which of EasyPost's it is; others it recognises by the number."""
_PREFIX = "hmac-sha256-hex="


def check(call: Signed, secrets: Sequence[str], now: datetime) -> None:
    """The newer signature where there is one (then with its timestamp), else the older one over the body alone.

    Raises:
        NotGenuine: for a wrong, missing or old one. A wrong newer one isn't made good by a right older one.
    """
    stamp, path = call.headers.get("x-timestamp", ""), call.headers.get("x-path", "")
    newer = call.headers.get("x-hmac-signature-v2", "")
    if newer:
        signed = f"{stamp}{call.method}{path}".encode() + call.body
        if not signed_by(secrets, _bare(newer), lambda secret: _digest(secret, signed)):
            raise NotGenuine("wrong signature")
        if not fresh(mail_moment(stamp), now):
            raise NotGenuine("old timestamp")
    elif not signed_by(
        secrets, _bare(call.headers.get("x-hmac-signature", "")), lambda secret: _digest(secret, call.body)
    ):
        raise NotGenuine("wrong signature")


def read(event: Any) -> Message:
    """An event; those about anything but a tracker are about no parcel.

    Raises:
        Unreadable: for what is no event of EasyPost's.
    """
    if not isinstance(event, dict) or event.get("object") != "Event":
        raise Unreadable("no Event")
    event_id, tracker = clean(event.get("id"), longest=100), inside(event, "result")
    if not str(event.get("description", "")).startswith("tracker.") or tracker.get("object") != "Tracker":
        return Message(event_id, "", "", ())
    return _of_tracker(event_id, tracker)


def question(base: str, key: str, number: str, carrier: str) -> Question:
    """Ask for a tracker; it is made where there is none."""
    tracker = {"tracking_code": number} | ({"carrier": _CARRIERS[carrier]} if carrier in _CARRIERS else {})
    proof = base64.b64encode(f"{key}:".encode()).decode()
    return Question("POST", f"{base}/v2/trackers", {"Authorization": f"Basic {proof}"}, {"tracker": tracker})


def answer(told: Any) -> Message | None:
    """What was answered to `question`.

    Raises:
        Unreadable: for what is no tracker.
    """
    if not isinstance(told, dict) or told.get("object") != "Tracker":
        raise Unreadable("no Tracker")
    return _of_tracker("", told)


def _of_tracker(event_id: str, tracker: dict[str, Any]) -> Message:
    scans = []
    for detail in listed(tracker, "tracking_details"):
        place = inside(detail, "tracking_location")
        where = place_of(place.get("city"), place.get("state"), place.get("country"))
        status = _status(detail.get("status"), detail.get("status_detail"))
        scans += _scan(status, detail.get("datetime"), where, detail.get("message"))
    if not scans:
        status = _status(tracker.get("status"), tracker.get("status_detail"))
        scans = _scan(status, tracker.get("updated_at"), "", "")
    number, carrier = normal_number(tracker.get("tracking_code")), clean(tracker.get("carrier"), longest=40)
    return Message(event_id, number, carrier, in_order(scans))


def _status(said: object, detail: object) -> Status | None:
    status = STATUSES.get(str(said))
    return Status.EXCEPTION if status is Status.IN_TRANSIT and str(detail) in TROUBLE else status


def _scan(status: Status | None, at: object, place: str, words: object) -> list[Heard]:
    when = moment(at)
    if status is None or when is None:
        return []
    return [Heard(status, when, place, clean(words, longest=200), zoned=has_zone(at))]


def _bare(signature: str) -> str:
    return signature.strip().lower().removeprefix(_PREFIX)


def _digest(secret: str, signed: bytes) -> str:
    return hmac.digest(unicodedata.normalize("NFKD", secret).encode(), signed, "sha256").hex()


EASYPOST = Aggregator("easypost", "EasyPost", "https://api.easypost.com", check, read, question, answer)
