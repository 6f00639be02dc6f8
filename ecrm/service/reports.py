"""Reports of the desk: the figures of a set of cases, by day, channel, kind, priority, team or agent.

Each count is the length of a list that a predicate of `ROWS` picks, and a page shows that list: number and rows can't
differ.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from zoneinfo import ZoneInfo

from .case_facts import CaseFacts

Z95 = 1.959963984540054


class By(StrEnum):
    """By what cases are put together."""

    DAY = "day"
    CHANNEL = "channel"
    KIND = "kind"
    PRIORITY = "priority"
    TEAM = "team"
    AGENT = "agent"


ROWS: dict[str, Callable[[CaseFacts], bool]] = {
    "cases": lambda case: True,
    "answered": lambda case: case.answered,
    "response_late": lambda case: case.response_kept is False,
    "solved": lambda case: case.solved,
    "resolution_late": lambda case: case.resolution_kept is False,
    "reopened": lambda case: case.reopened,
    "complaints": lambda case: case.kind == "complaint",
    "praise": lambda case: case.kind == "praise",
    "asked": lambda case: case.asked,
    "rated": lambda case: case.satisfaction is not None,
    "happy": lambda case: case.happy,
}


@dataclass(frozen=True)
class Figures:
    """Of a set of cases. Times in working seconds, shares of one; None where there is nothing to measure.

    `happy_low` and `happy_high`: the 95 % interval by Wilson (1927), which holds for few answers, too.
    """

    counts: dict[str, int]
    response_median: float | None
    response_p90: float | None
    response_kept: float | None
    resolution_median: float | None
    resolution_p90: float | None
    resolution_kept: float | None
    satisfaction: float | None
    happy: float | None
    happy_low: float | None
    happy_high: float | None
    rated: float | None


def figures(cases: Sequence[CaseFacts]) -> Figures:
    """The figures of these cases."""
    counts = {name: sum(map(picks, cases)) for name, picks in ROWS.items()}
    responses = [case.response for case in cases if case.response is not None]
    resolutions = [case.resolution for case in cases if case.resolution is not None]
    stars = [case.satisfaction for case in cases if case.satisfaction is not None]
    low, high = wilson(counts["happy"], counts["rated"])
    return Figures(
        counts=counts,
        response_median=median(responses) if responses else None,
        response_p90=percentile(responses, 0.9),
        response_kept=_share(case.response_kept for case in cases),
        resolution_median=median(resolutions) if resolutions else None,
        resolution_p90=percentile(resolutions, 0.9),
        resolution_kept=_share(case.resolution_kept for case in cases),
        satisfaction=sum(stars) / len(stars) if stars else None,
        happy=counts["happy"] / counts["rated"] if counts["rated"] else None,
        happy_low=low, happy_high=high,
        rated=counts["rated"] / counts["asked"] if counts["asked"] else None,
    )  # fmt: skip


def grouped(cases: Iterable[CaseFacts], by: By, *, zone: ZoneInfo) -> dict[str, list[CaseFacts]]:
    """Cases by day (as the shop has it), channel …; a team or agent that a case has none of is ""."""
    found: dict[str, list[CaseFacts]] = defaultdict(list)
    for case in cases:
        found[key_of(case, by, zone=zone)].append(case)
    return dict(found)


def key_of(case: CaseFacts, by: By, *, zone: ZoneInfo) -> str:
    """The group that a case belongs to."""
    match by:
        case By.DAY:
            return case.opened_at.astimezone(zone).date().isoformat()
        case By.CHANNEL:
            return case.channel
        case By.KIND:
            return case.kind
        case By.PRIORITY:
            return str(case.priority)
        case By.TEAM:
            return "" if case.team_id is None else str(case.team_id)
        case By.AGENT:
            return case.owner


def percentile(values: Sequence[int], share: float) -> float | None:
    """The smallest value that at least this share of the values doesn't exceed (nearest rank); None of none."""
    if not values:
        return None
    return float(sorted(values)[max(0, math.ceil(share * len(values)) - 1)])


def wilson(hits: int, of: int) -> tuple[float | None, float | None]:
    """The 95 % score interval of a share (E. B. Wilson, JASA 22, 1927); None without anything to measure."""
    if not of:
        return None, None
    share, z = hits / of, Z95
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def _share(kept: Iterable[bool | None]) -> float | None:
    decided = [one for one in kept if one is not None]
    return sum(decided) / len(decided) if decided else None
