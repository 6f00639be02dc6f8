"""The result of an experiment for a reader: its figures, a decision in words, and two drawings."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from ecrm.installation import installation
from ecrm.marketing.experiment_statistics import (
    DIFFERENCES,
    LEAST_BUYERS,
    LEAST_UNITS,
    SRM_ALARM,
    WORTH_KNOWING,
    Comparison,
    Group,
    Needed,
    Verdict,
    compare_conversion,
    compare_net,
    orders_needed,
    split_chance,
)
from ecrm.marketing.experiments import Experiment
from ecrm.marketing.outcomes import Groups, groups_of
from ecrm.wording import compact_money, number, percent
from ecrm.wording import gettext as _

from .charts import Chart, Point, chart
from .figures import Column, Kind, written
from .interval_chart import IntervalChart, IntervalRow, interval_chart

_LIFT, _SIGNED_LIFT = "#,##0.0%", "+#,##0.0%;-#,##0.0%"


@dataclass(frozen=True)
class Measure:
    """One thing that is compared. `values`: of those who met it and of the control group, as written."""

    key: str
    label: str
    comparison: Comparison
    values: tuple[str, str]
    decision: str
    bars: Chart


@dataclass(frozen=True)
class Result:
    """All that the page shows. `alarm`: the groups' sizes aren't what chance explains."""

    groups: Groups
    measures: tuple[Measure, ...]
    intervals: IntervalChart | None
    needed: tuple[Needed, ...]
    alarm: bool
    least_units: int = LEAST_UNITS
    least_buyers: int = LEAST_BUYERS

    @property
    def tone(self) -> str:
        """Of the first measure's chip."""
        return {Verdict.BETTER: "good", Verdict.WORSE: "bad"}.get(self.measures[0].comparison.verdict, "calm")


def result_of(session: Session, experiment: Experiment) -> Result:
    """Ask for the figures and judge them."""
    groups = groups_of(session, experiment)
    treated, control = groups.treated, groups.control
    needed = tuple(one for wanted in DIFFERENCES if (one := orders_needed(treated, control, wanted)) is not None)
    measures = (
        _measure(
            Column("conversion", _("Conversion"), Kind.SHARE), compare_conversion(treated, control),
            values=(treated.conversion, control.conversion), groups=groups, needed=needed,
        ),
        _measure(
            Column("net", _("Net revenue each"), Kind.MONEY), compare_net(treated, control),
            values=(treated.net_each, control.net_each), groups=groups,
        ),
    )  # fmt: skip
    rows = [
        IntervalRow(one.label, one.comparison.lift, *one.comparison.lift_interval)
        for one in measures
        if one.comparison.lift is not None and one.comparison.lift_interval is not None
    ]
    return Result(
        groups=groups,
        measures=measures,
        intervals=interval_chart(rows) if rows else None,
        needed=needed,
        alarm=split_chance(treated.units, control.units, experiment.control_percent) < SRM_ALARM,
    )


def _measure(
    column: Column,
    comparison: Comparison,
    *,
    values: tuple[float | None, float | None],
    groups: Groups,
    needed: tuple[Needed, ...] | None = None,
) -> Measure:
    texts = (written(column, values[0]), written(column, values[1]))
    names = (_("with it"), _("control group"))
    points = [
        Point(label=name, text=text, value=value, axis=name)
        for name, text, value in zip(names, texts, values, strict=True)
    ]
    currency = installation().storefront.facts().currency
    axis = (lambda value: compact_money(value, currency)) if column.kind is Kind.MONEY else percent
    return Measure(
        key=column.key,
        label=column.label,
        comparison=comparison,
        values=texts,
        decision=decision(comparison, groups=groups, needed=needed),
        bars=chart("bars", points, axis_text=axis),
    )


def decision(comparison: Comparison, *, groups: Groups, needed: tuple[Needed, ...] | None = None) -> str:
    """What can be said of a measure, in a sentence.

    Args:
        needed: orders that are needed to see differences in this measure; None where nobody can say: money spreads
            far wider than whether somebody buys, so conversion's aren't enough for it.
    """
    verdict, interval = comparison.verdict, comparison.lift_interval
    if verdict is Verdict.TOO_FEW:
        return _too_few(groups.treated, groups.control)
    if verdict is Verdict.UNDECIDED and needed is None:
        return _undecided(interval)
    if verdict is Verdict.UNDECIDED:
        more = next((one.orders for one in needed or () if one.difference == WORTH_KNOWING), 0)
        if not more:
            return _(
                "No difference can be seen. One of %(share)s would probably show by now.",
                share=percent(WORTH_KNOWING, "#,##0%"),
            )
        return _(
            "Can't tell yet: about %(orders)s more orders are needed to see a difference of %(share)s.",
            orders=number(_rounded(more)),
            share=percent(WORTH_KNOWING, "#,##0%"),
        )
    if interval is None:
        return (
            _("Better, but by how much can't be said yet.")
            if verdict is Verdict.BETTER
            else _("Worse, but by how much can't be said yet.")
        )
    ends = sorted(abs(one) for one in interval)
    low, high = percent(ends[0], _LIFT), percent(ends[1], _LIFT)
    if verdict is Verdict.BETTER:
        return _("Better by %(low)s to %(high)s than without it.", low=low, high=high)
    return _("Worse by %(low)s to %(high)s than without it.", low=low, high=high)


def _undecided(interval: tuple[float, float] | None) -> str:
    if interval is None:
        return _("Can't tell yet.")
    low, high = (percent(one, _SIGNED_LIFT) for one in interval)
    return _("Can't tell yet: anything from %(low)s to %(high)s is possible.", low=low, high=high)


def _too_few(treated: Group, control: Group) -> str:
    if not treated.units and not control.units:
        return _("Nobody has met it yet.")
    return _(
        "Too few to say: each group needs at least %(units)s that met it and %(buyers)s of them with an order.",
        units=LEAST_UNITS,
        buyers=LEAST_BUYERS,
    )


def _rounded(orders: int) -> int:
    """Two leading digits: more would pretend to know."""
    step = int(10 ** max(len(str(orders)) - 2, 0))
    return -(-orders // step) * step
