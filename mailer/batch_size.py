"""Batch size: how many e-mails a sender claims and writes together, by how quickly the last ones went."""

from __future__ import annotations

from datetime import datetime, timedelta

AT_FIRST, AT_MOST = 100, 400
QUICK = timedelta(seconds=2)
"""What is gone by then may be followed by more: words are as true as they are young when they go."""


class BatchSize:
    """One sender's; `now` is the number that holds."""

    def __init__(self) -> None:
        self.now = AT_FIRST
        self._since: datetime | None = None

    def next(self, now: datetime) -> int:
        """For the batch that is claimed at this moment."""
        if self._since is not None:
            self.now = min(self.now * 2, AT_MOST) if now - self._since <= QUICK else AT_FIRST
        self._since = now
        return self.now
