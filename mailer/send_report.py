"""What a call of the sender did, in numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class SendReport:
    """What one call did, in e-mails; what another process had decided meanwhile is counted there."""

    sent: int = 0
    postponed: int = 0
    failed: int = 0
    doubtful: int = 0
    deferred: int = 0
    suppressed: int = 0
    dropped: int = 0
    bounced: int = 0

    def __str__(self) -> str:
        words = f"{self.sent} sent, {self.postponed} postponed, {self.failed} failed, {self.doubtful} doubtful"
        seldom = {name: getattr(self, name) for name in ("bounced", "deferred", "suppressed", "dropped")}
        return ", ".join([words, *(f"{number} {name}" for name, number in seldom.items() if number)])
