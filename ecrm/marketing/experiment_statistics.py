"""What two groups' figures say, and how surely: intervals that stay valid however often somebody looks.

People look at a running experiment every day and stop when they like what they see; a usual 95 % interval is wrong far
more often than one time in twenty then. The intervals here are asymptotic confidence sequences: the true value lies
in all of them at once with 95 %, from the first look to the last.

- Width: I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy, A. Ramdas, "Time-uniform central limit theory and
  asymptotic confidence sequences", Annals of Statistics 52 (2024), has the boundary and how its `ρ` is tuned. It takes
  the place of the 1.96 of a single look, and is always larger.
- Lift in percent: E. C. Fieller, "Some problems in interval estimation", JRSS B 16 (1954): all ratios `r` for which
  `m1 - r·m0` can't be told from 0, with that width. No ratio is claimed while the control group's own mean may be 0.
- Orders needed: the usual formula for two means, e.g. S. Chow, J. Shao, H. Wang, "Sample Size Calculations in Clinical
  Research" (2008), 3.2, with that width in place of the normal quantile. It is a little more than needed, as a
  running look may cross earlier.
- Sizes of the groups: Pearson's chi-square with one degree of freedom; A. Fabijan et al., "Diagnosing Sample Ratio
  Mismatch in Online Controlled Experiments", KDD 2019.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

ALPHA = 0.05
POWER = 0.8
TUNED_FOR = 2_000
"""Units in both groups at which the intervals are narrowest; fixed, as choosing it by the data would spoil them."""
LEAST_UNITS = 100
LEAST_BUYERS = 10
"""Of each group; below, normal approximations mislead and nothing is said."""
SRM_ALARM = 0.001
DIFFERENCES = (0.05, 0.1, 0.2, 0.5)
WORTH_KNOWING = 0.2
"""The difference that "orders needed" is told for. Fixed: what the data show while undecided is mostly chance."""


@dataclass(frozen=True)
class Group:
    """The figures of a group. `net_minor` after refunds; `net_squares`: the sum of the squares of each unit's net."""

    units: int = 0
    buyers: int = 0
    orders: int = 0
    net_minor: int = 0
    net_squares: float = 0.0

    @property
    def conversion(self) -> float | None:
        """Units with an order, as a share; None for an empty group."""
        return self.buyers / self.units if self.units else None

    @property
    def orders_each(self) -> float | None:
        """Orders a unit."""
        return self.orders / self.units if self.units else None

    @property
    def net_each(self) -> float | None:
        """Net revenue a unit, minor units."""
        return self.net_minor / self.units if self.units else None


@dataclass(frozen=True)
class Mean:
    """A group's mean and the variance of a single unit."""

    value: float
    variance: float
    units: int

    @property
    def error(self) -> float:
        """The variance of the mean."""
        return self.variance / self.units


class Verdict(StrEnum):
    """What can be said."""

    TOO_FEW = "too_few"
    UNDECIDED = "undecided"
    BETTER = "better"
    WORSE = "worse"


@dataclass(frozen=True)
class Comparison:
    """Those who met it (`treated`) against the control group, by one measure.

    `difference` and its interval are in the measure's own unit, `lift` and its interval shares of the control's mean;
    None where too few units make any interval a pretence, or where no percentage can be given.
    """

    verdict: Verdict
    difference: float | None = None
    interval: tuple[float, float] | None = None
    lift: float | None = None
    lift_interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class Needed:
    """So many more orders (of both groups together) show a difference of this share in 4 of 5 cases."""

    difference: float
    orders: int


def conversion_of(group: Group) -> Mean:
    """The share of units with an order. Half a buyer more on either side keeps the variance of a small group from 0."""
    share = (group.buyers + 0.5) / (group.units + 1)
    return Mean(group.buyers / group.units, share * (1 - share), group.units)


def net_of(group: Group, other: Group) -> Mean:
    """Net revenue a unit, minor units.

    The variance is at least that of both groups together: a small group that missed the few large orders has too small
    a mean and too small a variance at once, and would look surely worse in 7 to 14 of 100 comparisons of equals.
    """
    both = Group(
        units=group.units + other.units,
        net_minor=group.net_minor + other.net_minor,
        net_squares=group.net_squares + other.net_squares,
    )
    return Mean(group.net_minor / group.units, max(_variance(group), _variance(both)), group.units)


def _variance(group: Group) -> float:
    mean = group.net_minor / group.units
    return max(group.net_squares - group.units * mean * mean, 0.0) / max(group.units - 1, 1)


def enough(treated: Group, control: Group) -> bool:
    """Whether the groups are large enough for anything to be said."""
    return all(one.units >= LEAST_UNITS and one.buyers >= LEAST_BUYERS for one in (treated, control))


def compare_conversion(treated: Group, control: Group) -> Comparison:
    """Compare the shares of units with an order."""
    if not enough(treated, control):
        return Comparison(Verdict.TOO_FEW)
    return compare_means(conversion_of(treated), conversion_of(control))


def compare_net(treated: Group, control: Group) -> Comparison:
    """Compare net revenue a unit."""
    if not enough(treated, control):
        return Comparison(Verdict.TOO_FEW)
    return compare_means(net_of(treated, control), net_of(control, treated))


def boundary(units: int, *, alpha: float = ALPHA) -> float:
    """How many standard errors the interval reaches on either side after so many units in both groups.

    Args:
        alpha: of all looks together; where several are compared with one, each gets its part (Bonferroni).
    """
    rho = (-2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)) / TUNED_FOR * units
    return math.sqrt((1 + 1 / rho) * (math.log(rho + 1) - 2 * math.log(alpha)))


def orders_needed(treated: Group, control: Group, difference: float) -> Needed | None:
    """How many more orders are needed to see a relative difference; None without an order to reckon from.

    Reckoned with both groups growing as they did, at the conversion and the orders a buyer that both have together.
    """
    units, buyers = treated.units + control.units, treated.buyers + control.buyers
    if not buyers or not treated.units or not control.units:
        return None
    share = control.units / units
    base = buyers / units
    other = min(base * (1 + difference), 1.0)
    if other <= base:
        return Needed(difference, 0)
    spread = other * (1 - other) / (1 - share) + base * (1 - base) / share
    wanted = units_needed(other - base, spread=spread)
    an_order_each = (treated.orders + control.orders) / units
    return Needed(difference, max(math.ceil((wanted - units) * an_order_each), 0))


def units_needed(difference: float, *, spread: float, alpha: float = ALPHA) -> int:
    """How many units show a difference in 4 of 5 cases.

    Args:
        difference: of two means, above 0.
        spread: the variance of the difference's estimate times the units: each mean's variance a unit by its share.
    """
    quantile = NormalDist().inv_cdf(POWER)

    def suffices(number: int) -> bool:
        return difference >= (boundary(number, alpha=alpha) + quantile) * math.sqrt(spread / number)

    low, high = 1, 2
    while not suffices(high):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if suffices(middle) else (middle, high)
    return high


def split_chance(treated: int, control: int, control_percent: int) -> float:
    """How likely chance alone splits the units as unevenly as this: the chi-square's p."""
    units = treated + control
    if not units or not control_percent:  # strategies against each other, and nobody who goes without
        return 1.0
    expected = units * control_percent / 100
    other = units - expected
    square = (control - expected) ** 2 / expected + (treated - other) ** 2 / other
    return math.erfc(math.sqrt(square / 2))  # one degree of freedom


def compare_means(treated: Mean, control: Mean, *, alpha: float = ALPHA) -> Comparison:
    """Compare two means, each of units of its own."""
    reach = boundary(treated.units + control.units, alpha=alpha)
    difference = treated.value - control.value
    half = reach * math.sqrt(treated.error + control.error)
    low, high = difference - half, difference + half
    verdict = Verdict.BETTER if low > 0 else Verdict.WORSE if high < 0 else Verdict.UNDECIDED
    lift = difference / control.value if control.value > 0 else None
    return Comparison(verdict, difference, (low, high), lift, _lift_interval(treated, control, reach))


def _lift_interval(treated: Mean, control: Mean, reach: float) -> tuple[float, float] | None:
    """Fieller's interval of the ratio, less 1; None where it has no end, or the control group earned nothing."""
    square = reach * reach
    a = control.value**2 - square * control.error
    if a <= 0 or control.value <= 0:
        return None
    b = treated.value * control.value
    root = b * b - a * (treated.value**2 - square * treated.error)
    if root < 0:  # rounding only: the estimate itself always lies inside
        return None
    return (b - math.sqrt(root)) / a - 1, (b + math.sqrt(root)) / a - 1
