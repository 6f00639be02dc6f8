"""Funnel: how many visits came how far, and where the others left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from .site import VisitFigures


class Stage(IntEnum):
    """How far a visit came; a later stage counts as every earlier one (`Session.stage`)."""

    VISIT = 0
    PRODUCT = 1
    CART = 2
    CHECKOUT = 3
    ORDER = 4


@dataclass(frozen=True)
class Step:
    """Visits that came at least so far. `kept`: their share of the step before; `of_all`: of all visits."""

    stage: Stage
    visits: int
    lost: int
    kept: float | None
    of_all: float | None


def funnel(figures: VisitFigures) -> list[Step]:
    """The steps from the visit to the order."""
    reached = (figures.sessions, figures.stage_1, figures.stage_2, figures.stage_3, figures.stage_4)
    return [_step(stage, reached) for stage in Stage]


def _step(stage: Stage, reached: Sequence[int]) -> Step:
    visits, before = reached[stage], reached[max(stage - 1, 0)]
    return Step(
        stage=stage,
        visits=visits,
        lost=before - visits,
        kept=visits / before if before and stage else None,
        of_all=visits / reached[0] if reached[0] else None,
    )
