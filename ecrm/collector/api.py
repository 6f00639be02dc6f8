"""The collector: Segment's HTTP API, answered only after the messages are committed.

Each request: who sends (`senders`), the body (`body`), each message's meaning (`translation`), then one commit for all
of them (`tracking.clickstream.inbox`). A message sent again with its id is accepted again and counted once.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import TypeVar

from flask import Blueprint, Flask, Request, Response, current_app, request

from ecrm import csrf, identification, ledger
from ecrm.events import Identified
from ecrm.installation import installation
from ecrm.reactions import reaction_names, run_reactions
from tracking.clickstream.digest import body_of as inbox_body
from tracking.clickstream.sightings import Sighting
from tracking.visitors import Grade

from . import admission, answers
from .body import body_of
from .clock import happened_at, oldest_days
from .identified import identified
from .key_ring import KeyRing
from .messages import Message, Refused, Unreadable, read_batch, read_message
from .senders import ForeignOrigin, Sender, UnknownKey, is_own_page, sender_of, shown_key
from .translation import call_of, sighting_of

T = TypeVar("T")
log = logging.getLogger("ecrm.collector")
collector = Blueprint("collector", __name__)
answers.init_blueprint(collector)
admission.init_blueprint(collector)

CALL_OF_PATH = {
    "identify": "identify", "track": "track", "page": "page", "screen": "screen", "group": "group", "alias": "alias",
    "i": "identify", "t": "track", "p": "page", "s": "screen", "g": "group", "a": "alias",
}  # fmt: skip
"""The short ones are what Segment's SDK for browsers sends to."""
BATCHES = ("batch", "import", "b")
BEACON = "/beacon/v1/batch"
"""Where RudderStack's SDK for browsers sends with `sendBeacon`: beside the `/v1` of its other calls."""
MOST_MESSAGES = 5000
"""In one batch: more than SDKs send, and what fits into 500 KB anyway."""
REACT_AT_ONCE = 10
"""How many identified customers are worked on before the answer; more are left to the job, as a backfill sends them."""


@dataclass
class Taken:
    """What was read of a request's messages. `keep_days`: how old they may be."""

    sender: Sender
    received_at: datetime
    keep_days: int = field(init=False)
    sightings: list[Sighting] = field(default_factory=list)
    promises: list[tuple[Identified, str | None, Grade]] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    def __post_init__(self) -> None:
        configured = current_app.config["ECRM_COLLECTOR_DAYS"]
        self.keep_days = oldest_days(believed=self.sender.believed, configured=configured)

    @property
    def count(self) -> int:
        return len(self.sightings) + len(self.promises)


def init_app(app: Flask) -> None:
    """Mount the API where its users' SDKs look for it."""
    crm = installation(app)
    app.extensions["ecrm_key_ring"] = KeyRing(crm.sessions, lambda: _time_zone(app))
    admission.init_app(app)
    prefix = app.config["ECRM_COLLECTOR_PREFIX"]
    app.register_blueprint(collector, url_prefix=prefix)
    # By its endpoint one of the blueprint's, with all that goes with it; only its address isn't below the prefix.
    app.add_url_rule(prefix.rstrip("/").removesuffix("/v1") + BEACON, "collector.beacon", batch, methods=["POST"])
    csrf.exempt(app, collector)


def one(call: str) -> Response:
    """One message; the address says what kind, whatever the message says itself."""
    received_at, asked = datetime.now(UTC), _asked()
    sender, body = _sender(asked), body_of(asked)
    message = _of_somebody(read_message, body, sender)
    message.type = call  # type: ignore[assignment]  # one of `Call`: the routes name no other
    sender = sender or _named_in_body(asked, message.writeKey)
    taken = Taken(sender, received_at)
    _take(taken, message, sent_at=None)
    _keep(taken)
    return answers.accepted(taken.count, taken.refused)


def batch() -> Response:
    """Many messages: the good ones are kept, the others named with the reason."""
    received_at, asked = datetime.now(UTC), _asked()
    sender, body = _sender(asked), body_of(asked)
    cover = _of_somebody(read_batch, body, sender)
    sender = sender or _named_in_body(asked, cover.writeKey)
    if len(cover.batch) > MOST_MESSAGES:
        raise Unreadable(f"a batch may have {MOST_MESSAGES} messages")
    taken = Taken(sender, received_at)
    for index, raw in enumerate(cover.batch):
        message = None
        try:
            message = read_message(memoryview(raw))
            if message.context is None:
                message.context = cover.context
            _take(taken, message, sent_at=cover.sentAt)
        except Unreadable as error:
            named = (message and message.messageId) or ""
            taken.refused.append(Refused(index=index, messageId=named, message=str(error)))
    _keep(taken)
    return answers.accepted(taken.count, taken.refused)


@collector.post("/reset")
def reset() -> Response:
    """End this browser's visitor: the first-party script's `reset()`, since no script can reach the cookie."""
    if not is_own_page(request):
        raise ForeignOrigin
    identification.forget_visitor()
    return answers.accepted(0, [])


@collector.post("/m")
def metrics() -> Response:
    """What Segment's SDK for browsers reports of itself, to Segment; taken and not kept."""
    asked = _asked()
    if _sender(asked) is None:
        raise UnknownKey
    body_of(asked)
    return answers.accepted(0, [])


def stored_id(message_id: str) -> str:
    """A client's messageId as it is stored: never one of those that told events are known by (`order-completed:…`),
    or whoever has a public key could take an order's place in the ledger before it is told."""
    if ":" not in message_id and message_id.isascii() and message_id.isprintable():
        return message_id
    return "m:" + sha256(message_id.encode("utf-8", "replace")).hexdigest()


def _time_zone(app: Flask) -> str:
    with app.app_context():
        return installation(app).storefront.facts().time_zone


def _routes() -> Iterator[tuple[str, str]]:
    yield from CALL_OF_PATH.items()
    yield from ((path, "batch") for path in BATCHES)


def _add_routes() -> None:
    for path, call in _routes():
        view = batch if call == "batch" else one
        defaults = {} if call == "batch" else {"call": call}
        collector.add_url_rule(f"/{path}", f"{path}", view, methods=["POST"], defaults=defaults)


_add_routes()


def _asked() -> Request:
    """The request itself: each look through Flask's proxy costs as much as a field of a message."""
    return request._get_current_object()  # type: ignore[attr-defined, no-any-return]


def _sender(asked: Request, key_in_body: str | None = None) -> Sender | None:
    """Who sends; None as long as only the body can name the key."""
    if key_in_body is None and not shown_key(asked) and not is_own_page(asked):
        return None
    ring: KeyRing = current_app.extensions["ecrm_key_ring"]
    return sender_of(asked, ring, key_in_body)


def _named_in_body(asked: Request, key: str | None) -> Sender:
    sender = _sender(asked, key or "")
    if sender is None:
        raise UnknownKey
    return sender


def _of_somebody(read: Callable[[bytes], T], body: bytes, sender: Sender | None) -> T:
    """Strangers aren't told what is wrong with their message."""
    try:
        return read(body)
    except Unreadable:
        if sender is None:
            raise UnknownKey from None
        raise


def _take(taken: Taken, message: Message, *, sent_at: datetime | None) -> None:
    """Translate a message.

    A broad `except` stands here on purpose: a message that nobody thought of must not take the others of its batch
    with it.

    Raises:
        Unreadable: where it can't be kept.
    """
    try:
        _translate(taken, message, sent_at=sent_at)
    except Unreadable:
        raise
    except Exception:
        log.exception("a message can't be translated")
        raise Unreadable("this message can't be kept as it is; the shop's log says why") from None


def _translate(taken: Taken, message: Message, *, sent_at: datetime | None) -> None:
    call, sender = call_of(message), taken.sender
    at = happened_at(message, sent_at=sent_at, received_at=taken.received_at, keep_days=taken.keep_days)
    message_id = stored_id(message.messageId) if message.messageId else uuid.uuid4().hex
    if call == "identify" and sender.believed:
        promise = identified(message, at=at, message_id=message_id)
        if promise is not None:
            grade = sender.grade_of(message)
            taken.promises.append((promise, sender.token_of(message) if grade else None, grade))
            return
    taken.sightings.append(sighting_of(message, call, sender=sender, at=at, message_id=message_id))


def _keep(taken: Taken) -> None:
    """Commit. Customers first: a step of a customer who is named in the same batch then finds them."""
    if taken.promises:
        _promise(taken)
    if taken.sightings:
        installation().inbox.accept(inbox_body(taken.sightings), len(taken.sightings))
    if taken.sender.key_id is not None:
        ring: KeyRing = current_app.extensions["ecrm_key_ring"]
        ring.note(taken.sender.key_id, accepted=taken.count, refused=len(taken.refused))


def _promise(taken: Taken) -> None:
    crm = installation()
    with crm.sessions.begin() as session:
        written = [
            ledger.write(session, promise, reactions=reaction_names(promise), visitor=token, grade=grade)
            for promise, token, grade in taken.promises
        ]
    told = [event_id for event_id in written if event_id is not None]
    if told and len(told) <= REACT_AT_ONCE and crm.app.config["ECRM_REACT_INLINE"]:
        run_reactions(crm, told)
