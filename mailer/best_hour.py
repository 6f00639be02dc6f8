"""Best hour: at which hour of their own day a person is likely to look, learnt from the little that is known of them.

A Dirichlet-multinomial model with two levels of shrinkage (Gelman et al., Bayesian Data Analysis, 3rd ed., ch. 5):

    shop:     p0[h]  = (smoothed counts[h] + 1) / Σ
    segment:  ps[h]  = (counts_s[h] + STRENGTH · p0[h]) / (n_s + STRENGTH)
    person:   pp[h]  = (counts_p[h] + STRENGTH · ps[h]) / (n_p + STRENGTH)

Counts are smoothed around the clock (1/4, 1/2, 1/4) first: who orders at 19:55 and 20:05 has one habit, not two. With
two deeds of their own a person's hour is nearly that of their country, with fifty it is theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from .calendar import Place, at_local, local_day
from .quiet import Quiet

STRENGTH = 12.0
"""So many deeds of one's own weigh as much as what is known of everybody like one."""
DAY_HOURS = 24
Shares = tuple[float, ...]
Counts = Sequence[float]


@dataclass(frozen=True)
class Hours:
    """How deeds are spread over the hours of the local day: of the whole shop, and of each segment (country)."""

    shop: Shares = (1 / DAY_HOURS,) * DAY_HOURS
    segments: Mapping[str, Shares] = field(default_factory=dict)

    @classmethod
    def learn(cls, counts: Mapping[str, Counts]) -> Hours:
        """From counts by segment and local hour, 24 each."""
        whole = [sum(one[hour] for one in counts.values()) for hour in range(DAY_HOURS)]
        smooth = smoothed(whole)
        total = sum(smooth) + DAY_HOURS
        shop = tuple((one + 1) / total for one in smooth)
        return cls(shop, {segment: shrunk(one, towards=shop) for segment, one in counts.items()})

    def of(self, counts: Counts | None, *, segment: str = "") -> Shares:
        """How likely each hour is for a person with these counts (24; None: nothing is known of them)."""
        towards = self.segments.get(segment, self.shop)
        return shrunk(counts, towards=towards) if counts is not None else towards

    def best(
        self,
        after: datetime,
        *,
        counts: Counts | None,
        place: Place,
        zone: ZoneInfo,
        quiet: Quiet,
        any_day: bool = False,
        on_day: bool = False,
    ) -> datetime:
        """The best moment within a day from `after` on that isn't quiet, in UTC; of equal hours the first.

        Args:
            on_day: only on the local day of `after`; where none of its hours is left, the next allowed moment after it,
                which is too late for what has its day.
        """
        shares = self.of(counts, segment=place.country)
        options = [
            (moment, hour)
            for moment, hour in _coming_hours(after, zone)
            if not quiet.reason(moment, place, zone, any_day=any_day)
        ]
        if on_day:
            today = local_day(after, zone)
            options = [one for one in options if local_day(one[0], zone) == today]
        if not options:
            return quiet.next_allowed(after, place, zone, any_day=any_day)
        return min(options, key=lambda one: (-shares[one[1]], one[0]))[0]


def smoothed(counts: Counts) -> list[float]:
    """Spread over the neighbouring hours, around midnight as well; the sum stays."""
    return [counts[hour] / 2 + counts[hour - 1] / 4 + counts[(hour + 1) % DAY_HOURS] / 4 for hour in range(DAY_HOURS)]


def shrunk(counts: Counts, *, towards: Shares) -> Shares:
    """The posterior mean with a Dirichlet prior of `STRENGTH` deeds around `towards`."""
    smooth = smoothed(counts)
    total = sum(smooth) + STRENGTH
    return tuple((own + STRENGTH * prior) / total for own, prior in zip(smooth, towards, strict=True))


def local_counts(moments: Sequence[datetime], zone: ZoneInfo) -> list[float]:
    """How many of these moments fall into each hour of the local day."""
    counts = [0.0] * DAY_HOURS
    for moment in moments:
        counts[moment.astimezone(zone).hour] += 1
    return counts


def _coming_hours(after: datetime, zone: ZoneInfo) -> list[tuple[datetime, int]]:
    """The next 24 hours: `after` itself for the hour that has begun, the full hours otherwise."""
    today = local_day(after, zone)
    hours = [(after.astimezone(UTC), after.astimezone(zone).hour)]
    for number in range(2 * DAY_HOURS):
        moment = at_local(today + timedelta(days=number // DAY_HOURS), number % DAY_HOURS, zone)
        if after < moment < after + timedelta(days=1):
            hours.append((moment, number % DAY_HOURS))
    return hours
