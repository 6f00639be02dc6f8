"""When a message happened, by our clock: clients' clocks are wrong, so the distance to `sentAt` is used.

timestamp = receivedAt − (sentAt − originalTimestamp), as in
https://segment.com/docs/connections/spec/common/#timestamps
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from .messages import Message, Unreadable

OFFLINE_DAYS = 3
"""How long messages of browsers and apps may wait for a network."""


def happened_at(message: Message, *, sent_at: datetime | None, received_at: datetime, keep_days: int) -> datetime:
    """The moment of a message in UTC, never later than it was received.

    Args:
        sent_at: of the batch, where the message has none of its own.
        keep_days: how old a step may be: see `oldest_days`.

    Raises:
        Unreadable: for a message that is older than that.
    """
    original = message.originalTimestamp or message.timestamp
    if original is None:
        return received_at
    sent = message.sentAt or sent_at
    try:
        at = _utc(original)
        if sent is not None:
            at = received_at - (_utc(sent) - at)
    except OverflowError:
        raise Unreadable("timestamp or sentAt lies outside of the calendar") from None
    if at > received_at:  # by a clock that runs ahead, or without a sentAt to compare it with
        return received_at
    if received_at - at > timedelta(days=keep_days):
        raise Unreadable(f"the message is older than the {keep_days} days that are taken with this key")
    return at


def oldest_days(*, believed: bool, configured: int) -> int:
    """How many days a sender may date back: a server that fills in its history as many as are configured; whoever has
    a public key, and could rewrite the past of every report with it, as many as a browser may be offline."""
    return configured if believed else min(OFFLINE_DAYS, configured)


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
