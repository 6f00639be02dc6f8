"""Session questions: a log cut in two by time, and its later visits asked step by step what comes next.

Each step of each later visit but its last is a question (Ludewig & Jannach 2018); products that the earlier visits
don't know are not asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .arrays import Ints
from .candidates.session_fitting import ClickLog

SEED = 20111009
LONGEST_ASKED = 200
"""Steps of a question at most: a robot's visit of ten thousand would cost their square."""


class Question(NamedTuple):
    """A visit so far, the moment of its last step, and what came next."""

    visit: list[int]
    at: float
    wanted: int


def split_log(log: ClickLog, *, share: float) -> tuple[ClickLog, ClickLog]:
    """(earlier, later) visits: the last `share` of the visits by their end are the later ones."""
    visits, number = np.unique(log.session, return_inverse=True)
    ends = np.full(len(visits), -np.inf)
    np.maximum.at(ends, number, log.at)
    later = np.zeros(len(visits), bool)
    later[np.argsort(ends, kind="stable")[len(visits) - round(share * len(visits)) :]] = True
    inside = later[number]
    return _part(log, ~inside), _part(log, inside)


def questions(later: ClickLog, *, seen: Ints, limit: int | None = None) -> list[Question]:
    """Every step but the last of each visit; with a `limit`, so many drawn by a fixed seed."""
    known = set(seen.tolist())
    found = [one for one in _questions(later.in_order()) if one.wanted in known]
    if limit is None or len(found) <= limit:
        return found
    draw = np.random.default_rng(SEED).choice(len(found), limit, replace=False)
    return [found[one] for one in np.sort(draw)]


def _questions(log: ClickLog) -> Iterator[Question]:
    for begin, end in pairwise(log.bounds().tolist()):
        steps, moments = log.product[begin:end].tolist(), log.at[begin:end].tolist()
        for step in range(1, len(steps)):
            yield Question(steps[max(step - LONGEST_ASKED, 0) : step], moments[step - 1], steps[step])


def _part(log: ClickLog, inside: NDArray[np.bool_]) -> ClickLog:
    return ClickLog(log.session[inside], log.product[inside], log.at[inside])
