"""A client's clock may be wrong by years; the distance to `sentAt` is right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ecrm.collector.clock import happened_at
from ecrm.collector.messages import Message, Unreadable

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WRONG = timedelta(days=4000)


def test_a_wrong_clock_is_set_right_by_the_moment_of_sending() -> None:
    for off in (WRONG, -WRONG, timedelta()):
        message = Message(originalTimestamp=NOW - off - timedelta(minutes=5), sentAt=NOW - off)
        assert happened_at(message, sent_at=None, received_at=NOW, keep_days=30) == NOW - timedelta(minutes=5)


def test_a_batch_is_sent_at_one_moment() -> None:
    message = Message(timestamp=NOW - WRONG - timedelta(seconds=9))
    assert happened_at(message, sent_at=NOW - WRONG, received_at=NOW, keep_days=30) == NOW - timedelta(seconds=9)


def test_nothing_happens_after_it_was_received() -> None:
    for message in (Message(), Message(timestamp=NOW + WRONG), Message(timestamp=NOW, sentAt=NOW - timedelta(hours=1))):
        assert happened_at(message, sent_at=None, received_at=NOW, keep_days=30) == NOW


def test_a_moment_without_a_zone_is_utc() -> None:
    message = Message(timestamp=datetime(2026, 11, 22, 11, 0))  # noqa: DTZ001 (what some clients send)
    assert happened_at(message, sent_at=None, received_at=NOW, keep_days=30) == NOW - timedelta(hours=1)


def test_what_is_older_than_it_would_be_kept_is_refused() -> None:
    with pytest.raises(Unreadable, match="30 days"):
        happened_at(Message(timestamp=NOW - timedelta(days=31)), sent_at=None, received_at=NOW, keep_days=30)
