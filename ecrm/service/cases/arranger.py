"""Arranger: whoever decides who answers a case and by when. Cases don't know it: it asks segments and policies, and
those count cases.

`ecrm.service.arranging` puts itself here when it is imported, which the extension does.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from .case import Case


class Arranger(Protocol):
    """Both are called inside of the caller's transaction, with the case locked; due moments are reckoned afterwards."""

    def opened(self, session: Session, case: Case, *, now: datetime) -> None:
        """A case was just opened."""

    def changed(self, session: Session, case: Case, what: Collection[str], *, now: datetime) -> None:
        """Facts of a case changed: `priority`, `customer`, …"""


class _Nobody:
    def opened(self, session: Session, case: Case, *, now: datetime) -> None:
        pass

    def changed(self, session: Session, case: Case, what: Collection[str], *, now: datetime) -> None:
        pass


_present: list[Arranger] = [_Nobody()]


def arrange_with(arranger: Arranger) -> None:
    """Let this one decide from now on."""
    _present[:] = [arranger]


def arranger() -> Arranger:
    """Who decides."""
    return _present[0]
