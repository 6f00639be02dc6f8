"""What a client of the collector may send: Segment's messages as msgspec structs, read strictly and in about 1 µs each.

Source: https://segment.com/docs/connections/spec/common/ and …/connections/sources/catalog/libraries/server/http-api/.
The same structs give the OpenAPI description. Members that nobody here reads are accepted and ignored, as Segment does.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar, get_args

import msgspec

T = TypeVar("T")
Call = Literal["identify", "track", "page", "screen", "group", "alias"]
CALLS: tuple[str, ...] = get_args(Call)

MAX_MESSAGE = 32 * 1024
"""Bytes of one message, Segment's limit."""
MAX_BATCH = 500 * 1024
"""Bytes of a whole body, unpacked; Segment's limit."""
MAX_DEPTH = 12
"""How deep `properties` and `traits` may be nested; more is no data that anybody reads."""

Id = Annotated[str, msgspec.Meta(max_length=254)] | Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Text = Annotated[str, msgspec.Meta(max_length=2000)]
Name = Annotated[str, msgspec.Meta(max_length=200)]
MessageId = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class Campaign(msgspec.Struct):
    """`context.campaign`: the UTM parameters without their prefix (`name` is utm_campaign)."""

    name: Text | None = None
    source: Text | None = None
    medium: Text | None = None
    term: Text | None = None
    content: Text | None = None
    id: Id | None = None


class PageContext(msgspec.Struct):
    """`context.page`: the page that the browser showed."""

    path: Text | None = None
    url: Text | None = None
    referrer: Text | None = None
    title: Text | None = None


class Consent(msgspec.Struct):
    """`context.consent`: which categories were agreed to."""

    categoryPreferences: dict[str, bool] | None = None  # noqa: N815 (Segment's name)


class Context(msgspec.Struct):
    """`context`, as far as it is read here."""

    userAgent: Text | None = None  # noqa: N815
    campaign: Campaign | None = None
    page: PageContext | None = None
    consent: Consent | None = None
    traits: dict[str, Any] | None = None


class Message(msgspec.Struct):
    """One message. `type` is needed in a batch; elsewhere the address says it.

    `originalTimestamp` and `timestamp` are when it happened by the client's clock, `sentAt` when it was sent by it.
    """

    type: Call | None = None
    messageId: MessageId | None = None  # noqa: N815
    anonymousId: Id | None = None  # noqa: N815
    userId: Id | None = None  # noqa: N815
    previousId: Id | None = None  # noqa: N815
    groupId: Id | None = None  # noqa: N815
    event: Name | None = None
    name: Name | None = None
    category: Name | None = None
    properties: dict[str, Any] | None = None
    traits: dict[str, Any] | None = None
    context: Context | None = None
    timestamp: datetime | None = None
    originalTimestamp: datetime | None = None  # noqa: N815
    sentAt: datetime | None = None  # noqa: N815
    writeKey: Name | None = None  # noqa: N815


class RawBatch(msgspec.Struct):
    """The cover of a batch; its messages stay unread, so that each one's error can be told apart."""

    batch: list[msgspec.Raw]
    sentAt: datetime | None = None  # noqa: N815
    writeKey: Name | None = None  # noqa: N815
    context: Context | None = None


class Batch(msgspec.Struct):
    """A batch as it is described to others."""

    batch: list[Message]
    sentAt: datetime | None = None  # noqa: N815
    writeKey: Name | None = None  # noqa: N815
    context: Context | None = None


class Refused(msgspec.Struct):
    """A message of a batch that was not kept, and why."""

    index: int
    messageId: str  # noqa: N815
    message: str


class Accepted(msgspec.Struct):
    """The answer 200: how many messages are committed, and which are not."""

    success: bool
    accepted: int
    errors: list[Refused]


class Problem(msgspec.Struct):
    """Every other answer: nothing was kept; `message` says what to do."""

    success: bool
    code: str
    message: str


class Unreadable(ValueError):
    """A body or a message that is not what it should be; the text says what is wrong, in words for its sender."""


_messages = msgspec.json.Decoder(Message)
_batches = msgspec.json.Decoder(RawBatch)


def read_message(body: bytes | memoryview) -> Message:
    """One message.

    Raises:
        Unreadable: naming the member that is wrong.
    """
    if len(body) > MAX_MESSAGE:
        raise Unreadable(f"a message may have {MAX_MESSAGE} bytes, this one has {len(body)}")
    return _read(_messages, body)


def read_batch(body: bytes) -> RawBatch:
    """The cover of a batch; its messages are read one by one.

    Raises:
        Unreadable: as `read_message`.
    """
    return _read(_batches, body)


def check_values(value: Any, depth: int = MAX_DEPTH) -> None:
    """Refuse what JSON allows and no reader expects.

    Raises:
        Unreadable: for values nested too deep and whole numbers of more than 64 bits.
    """
    if isinstance(value, str | float | bool) or value is None:
        return
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise Unreadable("a whole number is larger than 64 bits; send it as text")
        return
    if depth == 0:
        raise Unreadable(f"properties and traits may be nested {MAX_DEPTH} deep")
    for item in value.values() if isinstance(value, dict) else value:
        if type(item) is not str:  # most are, and a call each is a third of what a message costs
            check_values(item, depth - 1)


def _read(decoder: msgspec.json.Decoder[T], body: bytes | memoryview) -> T:
    try:
        return decoder.decode(body)
    except RecursionError:
        raise Unreadable(f"properties and traits may be nested {MAX_DEPTH} deep") from None
    except UnicodeDecodeError:
        raise Unreadable("the body is not UTF-8") from None
    except msgspec.ValidationError as error:
        raise Unreadable(str(error)) from None
    except msgspec.DecodeError as error:
        raise Unreadable(f"this is no JSON that can be read: {error}") from None
