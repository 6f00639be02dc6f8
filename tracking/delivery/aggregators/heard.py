"""What an aggregator says of parcels, in our words; and what its messages have in common: JSON, signatures, moments."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from ..shipment import Status

TOLERANCE = timedelta(minutes=5)
"""How far a signed timestamp may lie from our clock; Stripe's and Shippo's own examples take the same."""
MOST_SCANS = 200
LONGEST_NUMBER = 64


class NotGenuine(Exception):
    """Not signed by whom we share a secret with, or too long ago. The text says which, for the log only."""


class Unreadable(Exception):
    """No message of this aggregator's documented shape."""


@dataclass(frozen=True)
class Heard:
    """One scan of a parcel: its status then, where, and the carrier's own words. `zoned`: whether its moment came with
    its zone; else it is the clock of some place (see `moment`)."""

    status: Status
    at: datetime
    place: str = ""
    note: str = ""
    zoned: bool = True


@dataclass(frozen=True)
class Message:
    """A message about one parcel. `event_id`: the sender's own, the same when it sends it again; empty where it has
    none. `number`: as `normal_number` writes it; empty for messages that are about no parcel."""

    event_id: str
    number: str
    carrier: str
    scans: tuple[Heard, ...]


@dataclass(frozen=True)
class Signed:
    """A call as it came: what a signature can be made of. Header names in small letters."""

    body: bytes
    headers: Mapping[str, str]
    method: str = "POST"


@dataclass(frozen=True)
class Question:
    """A call to make: `body` is sent as JSON where there is one."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Aggregator:
    """One of them.

    Args:
        check: raises NotGenuine for a call that none of the secrets signed.
        read: the parsed body of a webhook as a message; raises Unreadable.
        question: how to ask for a parcel, by base address, key, number and carrier (our name of it, or empty).
        answer: the parsed answer as a message; None where the parcel has to be told to it first.
        telling: how to tell it of a parcel; None where asking does.
    """

    name: str
    title: str
    url: str
    check: Callable[[Signed, Sequence[str], datetime], None]
    read: Callable[[Any], Message]
    question: Callable[[str, str, str, str], Question]
    answer: Callable[[Any], Message | None]
    telling: Callable[[str, str, str, str], Question] | None = field(default=None)


def normal_number(text: object) -> str:
    """A tracking number as it is scanned: capital letters, no blanks; empty where it can't be one."""
    number = "".join(clean(text, longest=200).split()).upper()
    return number if 0 < len(number) <= LONGEST_NUMBER else ""


def clean(value: object, *, longest: int) -> str:
    """Text that every database keeps: no NUL, no control characters, no half of a surrogate pair; cut."""
    if not isinstance(value, str):
        return ""
    text = value.encode("utf-8", "replace").decode()
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())[:longest]


def place_of(*parts: object) -> str:
    """City, region and country in one line."""
    return ", ".join(dict.fromkeys(text for part in parts if (text := clean(part, longest=60))))[:100]


def moment(value: object) -> datetime | None:
    """A moment in ISO 8601; None for anything else. Without an offset it is taken as UTC: carriers often tell the
    clock of the place without saying which, and a day's half is as near as one can get then."""
    if not isinstance(value, str) or not 8 <= len(value) <= 40:
        return None
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    try:
        return found.astimezone(UTC) if 2000 <= found.year < 2200 else None
    except OverflowError:
        return None


def has_zone(value: object) -> bool:
    """Whether a moment, as `moment` reads it, says in which zone."""
    try:
        return datetime.fromisoformat(str(value).strip()).tzinfo is not None
    except ValueError:
        return False


def parsed(body: bytes) -> Any:
    """The body as JSON.

    Raises:
        Unreadable: where it is none.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("no JSON") from None


def inside(value: object, name: str) -> dict[str, Any]:
    """The object under this name; an empty one where there is none."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def listed(value: object, name: str) -> list[dict[str, Any]]:
    """The objects of a list under this name, the last `MOST_SCANS` of them."""
    found = value.get(name) if isinstance(value, dict) else None
    return [one for one in found if isinstance(one, dict)][-MOST_SCANS:] if isinstance(found, list) else []


def in_order(scans: Sequence[Heard]) -> tuple[Heard, ...]:
    """Each once, the earliest first."""
    return tuple(sorted(dict.fromkeys(scans), key=lambda scan: scan.at))


def signed_by(secrets: Sequence[str], given: str, right: Callable[[str], str]) -> bool:
    """Whether one of the secrets (two, while one makes way for another) makes this signature; in constant time."""
    matches = [hmac.compare_digest(given.encode(), right(secret).encode()) for secret in secrets if secret]
    return any(matches)


def fresh(at: datetime | None, now: datetime) -> bool:
    """Whether a signed timestamp is of these minutes."""
    return at is not None and abs(now - at) <= TOLERANCE


def unix_moment(text: str) -> datetime | None:
    """Seconds since 1970 as a moment; None for anything else."""
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        return None
    return datetime.fromtimestamp(int(text), UTC)


def mail_moment(text: str) -> datetime | None:
    """A moment as RFC 2822 writes it; None for anything else."""
    try:
        found = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
