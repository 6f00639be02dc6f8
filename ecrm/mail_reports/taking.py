"""Taking a message that came back: read, written down and followed, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ecrm.installation import Installation
from mailer.bounces import read
from mailer.reports import Reported, take_report


def take_message(crm: Installation, raw: bytes, *, source: str, now: datetime) -> list[str]:
    """What became of each report in the message, in a word (`mailer.reports.take_report`); nothing, for no report."""
    return take_all(crm, read(raw), source=source, now=now)


def take_all(crm: Installation, reports: Sequence[Reported], *, source: str, now: datetime) -> list[str]:
    """The same for what was read elsewhere."""
    if not reports:
        return []
    with crm.sessions.begin() as session:
        return [take_report(session, one, source=source, now=now) for one in reports]
