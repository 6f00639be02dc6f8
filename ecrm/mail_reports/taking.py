"""Taking a message that came in: a report is written down and followed, a letter goes to the desk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ecrm.installation import Installation
from ecrm.service.intake import take_mail
from mailer.bounces import read
from mailer.reports import Reported, in_order, take_report

AT_ONCE = 100


def take_message(crm: Installation, raw: bytes, *, source: str, recipient: str = "", now: datetime) -> list[str]:
    """What became of each report in the message, in a word (`mailer.reports.take_report`).

    What is no report is a letter to the desk, where there is one, and says what became of that (`intake.take_mail`);
    without a desk it is nothing.
    """
    done = take_all(crm, read(raw), source=source, now=now)
    if crm.app.config["ECRM_DESK_ADDRESSES"] and all(one == "unknown" for one in done):
        return [take_mail(crm, raw, source=source, recipient=recipient, now=now)]
    return done


def take_all(crm: Installation, reports: Sequence[Reported], *, source: str, now: datetime) -> list[str]:
    """The same for what was read elsewhere, `AT_ONCE` a transaction: nobody else waits for long, and reports that come
    again change nothing."""
    done: dict[int, str] = {}
    for start in range(0, len(reports), AT_ONCE):
        part = reports[start : start + AT_ONCE]
        with crm.sessions.begin() as session:
            for place in in_order(session, part):
                done[start + place] = take_report(session, part[place], source=source, now=now)
    return [done[place] for place in range(len(reports))]
