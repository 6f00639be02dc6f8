"""What else becomes of a batch of steps, in the transaction that stores it: experiments and recommendations."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from tracking.clickstream.sightings import Sighting

from .marketing.exposures import note_exposures
from .marketing.recommended.counting import count_recommended


def after_batch(session: Session, sightings: Sequence[Sighting], zone: str) -> None:
    """Note who met which experiment, and count what recommendations did; commits nothing.

    Args:
        zone: the shop's time zone, which decides what a day is.
    """
    note_exposures(session, sightings, zone)
    count_recommended(session, sightings, zone)
