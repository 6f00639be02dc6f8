"""Trains the recommender on everything the shop sold; run by the timetable's job `learn` and after an import."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from .installation import Installation

if TYPE_CHECKING:
    from recommender.training import TrainingReport


def train_models(crm: Installation) -> TrainingReport:
    """Train on all orders and publish the model; pages show it from their next request on.

    Returns:
        What was learnt from how much; `str(report)` is a sentence.
    """
    # numpy, scipy and implicit cost a second and 100 MB: loaded where a model is trained, not where a page is served
    from recommender.training import train

    with crm.sessions.begin() as session:
        return train(session, datetime.now(UTC), zone=ZoneInfo(crm.storefront.facts().time_zone))
