"""`POST <prefix>/calls`: the telephone system tells of a call by a secret key, and learns where the caller's card is.

Send it when it rings and again when it ended, with the same `id`: the second message adds to the first. Screen-pop
programs open `card`; it needs a signed-in member of staff, and says nothing by itself.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal
from urllib.parse import quote, urljoin

import msgspec
from flask import Response, current_app, request

from ecrm.installation import installation
from ecrm.service.calls import Outcome, Way, take_call

from .answers import json_answer
from .api import collector
from .body import body_of
from .key_ring import KeyRing
from .messages import Unreadable
from .senders import UnknownKey, sender_of

OLDEST = timedelta(days=3650)
_AHEAD = timedelta(minutes=5)


class CallMessage(msgspec.Struct):
    """A call. `number` is the other side's, in any writing; `staff` is the shop's id of whoever took it."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=r"\S")]
    number: Annotated[str, msgspec.Meta(max_length=60)]
    direction: Literal["in", "out"] = "in"
    startedAt: datetime | None = None  # noqa: N815 (as Segment writes its members)
    endedAt: datetime | None = None  # noqa: N815
    outcome: Literal["ringing", "answered", "missed", "busy", "voicemail", "failed"] | None = None
    staff: Annotated[str, msgspec.Meta(max_length=64)] = ""
    words: Annotated[str, msgspec.Meta(max_length=4000)] = ""


class CallTaken(msgspec.Struct):
    """The answer 200: it is committed; where its card is."""

    success: bool
    call: int
    card: str


_read = msgspec.json.Decoder(CallMessage).decode


@collector.post("/calls")
def calls() -> Response:
    """Take a call; the same `id` again adds to it.

    Raises:
        UnknownKey: for anything but a secret key that no browser sends.
        Unreadable: with what to change.
    """
    ring: KeyRing = current_app.extensions["ecrm_key_ring"]
    sender = sender_of(request, ring, None)
    if not sender.believed:
        raise UnknownKey
    told, crm, now = _message(body_of(request)), installation(), datetime.now(UTC)
    facts = crm.storefront.facts()
    started = _moment(told.startedAt, now) or now
    with crm.sessions.begin() as session:
        call = take_call(
            session,
            external_id=f"{sender.key_id}:{_kept(told.id)}",
            number=_kept(told.number),
            direction=Way(told.direction),
            started_at=started,
            ended_at=_moment(told.endedAt, now),
            outcome=Outcome(told.outcome) if told.outcome else None,
            staff_id=_kept(told.staff),
            words=_kept(told.words),
            country=facts.country,
        )
        taken, number = call.id, call.number
    prefix = str(current_app.config["ECRM_CONSOLE_PREFIX"]).rstrip("/")
    card = urljoin(f"{facts.base_url or request.host_url}/", f"{prefix}/calls?number={quote(number)}")
    return json_answer(CallTaken(success=True, call=taken, card=card))


def _message(body: bytes) -> CallMessage:
    try:
        return _read(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unreadable(str(error)) from None


def _moment(said: datetime | None, now: datetime) -> datetime | None:
    """In UTC; what lies ahead is now, and what lies further back than anybody asks for is so long ago."""
    if said is None:
        return None
    try:
        at = (said if said.tzinfo is not None else said.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        return now
    return now if at > now + _AHEAD else max(at, now - OLDEST)


def _kept(text: str) -> str:
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
