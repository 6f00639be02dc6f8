"""Strategies against each other in words: the form's shares, and what came of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import request
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest

from ecrm.installation import installation
from ecrm.marketing.arm_outcomes import arms_of
from ecrm.marketing.arm_statistics import ArmResult
from ecrm.marketing.arms import LEAST_SHARE, WHOLE, BadArms, Shares, as_shares, checked
from ecrm.marketing.bandit import history_of
from ecrm.marketing.experiment_statistics import LEAST_BUYERS, LEAST_UNITS, WORTH_KNOWING, Verdict
from ecrm.marketing.experiments import Experiment, Goal
from ecrm.wording import day, number, percent
from ecrm.wording import gettext as _
from recommender.asking import Strategy

from .figures import Value
from .placement_words import strategy_name

_SIGNED = "+#,##0.0%;-#,##0.0%"


@dataclass(frozen=True)
class ArmLine:
    """A strategy's line, as written. `says`: against the first one."""

    name: str
    share: str
    trials: int
    successes: int
    rate: str
    best: str
    says: str


@dataclass(frozen=True)
class Decision:
    """A day's shares, and why."""

    since: str
    shares: str
    why: str


@dataclass(frozen=True)
class ArmsShown:
    """The part of the page on strategies."""

    lines: list[ArmLine]
    decision: str
    history: list[Decision]


def asked_arms() -> tuple[dict[str, int], bool, Goal]:
    """The strategies of the form with their shares, whether they adapt, and by what they are judged.

    Raises:
        BadRequest: in words, for shares that can't be tried.
    """
    written = {str(one): request.form.get(f"share_{one}", "").strip() for one in Strategy}
    asked = {arm: text for arm, text in written.items() if text not in {"", "0"}}
    if any(not (text.isascii() and text.isdigit() and len(text) <= 3) for text in asked.values()):
        raise BadRequest(_("A strategy's share must be a whole number of percent."))
    try:
        arms = checked({arm: int(text) for arm, text in asked.items()})
    except BadArms:
        raise BadRequest(
            _(
                "Give two strategies or more a share of at least %(least)s percent, %(whole)s together; or none.",
                least=LEAST_SHARE,
                whole=WHOLE,
            )
        ) from None
    try:
        goal = Goal(request.form.get("goal", Goal.CLICKS))
    except ValueError:
        raise BadRequest(_("Choose whether clicks or orders decide.")) from None
    adaptive = request.form.get("adaptive", "") == "1"
    if adaptive and not arms:
        raise BadRequest(_("Shares can only follow what is seen where strategies are tried against each other."))
    return arms, adaptive, goal


def arms_shown(session: Session, experiment: Experiment) -> ArmsShown | None:
    """What came of each strategy; None for an experiment without."""
    if not experiment.arms:
        return None
    zone = installation().storefront.facts().time_zone
    outcome = arms_of(session, experiment, zone=zone, now=datetime.now(UTC))
    lines = [_line(one, outcome.shares) for one in outcome.results]
    history = [
        Decision(day(row.day), shares_words(as_shares(row.shares)), _why(row.why))
        for row in history_of(session, experiment)
    ]  # fmt: skip
    needed = None if experiment.ended_at else outcome.needed
    return ArmsShown(lines, _decision(outcome.results, needed, adaptive=experiment.adaptive), history)


def shares_words(shares: Shares) -> str:
    """Shares in words."""
    return ", ".join(f"{strategy_name(arm)} {percent(share / WHOLE, '#,##0.#%')}" for arm, share in shares.items())


def _why(why: dict[str, dict[str, Value]]) -> str:
    return "; ".join(
        _(
            "%(strategy)s: %(successes)s of %(trials)s, best with %(chance)s",
            strategy=strategy_name(str(arm)), successes=number(why[arm]["successes"] or 0),
            trials=number(why[arm]["trials"] or 0), chance=percent(why[arm]["best"] or 0, "#,##0.#%"),
        )
        for arm in (str(one) for one in Strategy)
        if arm in why
    )  # fmt: skip


def _line(one: ArmResult, shares: Shares) -> ArmLine:
    return ArmLine(
        name=strategy_name(one.arm),
        share=percent(shares.get(one.arm, 0) / WHOLE, "#,##0.#%"),
        trials=one.tally.trials,
        successes=one.tally.successes,
        rate="–" if one.rate is None else percent(one.rate, "#,##0.0#%"),
        best=percent(one.best, "#,##0.#%"),
        says=_says(one),
    )


def _says(one: ArmResult) -> str:
    if one.comparison is None:
        return _("the one that the others are compared with")
    if one.comparison.interval is None:
        return _("too few to say")
    low, high = (percent(end, _SIGNED) for end in one.comparison.interval)
    words = {Verdict.BETTER: _("better"), Verdict.WORSE: _("worse")}.get(one.comparison.verdict, _("can't tell yet"))
    return _("%(verdict)s: %(low)s to %(high)s (of all)", verdict=words, low=low, high=high)


def _decision(results: Sequence[ArmResult], needed: int | None, *, adaptive: bool) -> str:
    """What can be said, in a sentence."""
    if not results or not any(one.tally.trials for one in results):
        return _("Nobody has met it yet.")
    compared = [one.comparison for one in results if one.comparison is not None]
    if all(one.verdict is Verdict.TOO_FEW for one in compared):
        return _(
            "Too few to say: each strategy needs at least %(units)s that met it, %(successes)s of them with the goal.",
            units=LEAST_UNITS, successes=LEAST_BUYERS,
        )  # fmt: skip
    leader = max(results, key=lambda one: one.best)
    if any(one.verdict in (Verdict.BETTER, Verdict.WORSE) for one in compared):
        return _("They differ. Most likely best: %(strategy)s.", strategy=strategy_name(leader.arm))
    if not needed:
        return _("No difference can be seen. One of %(share)s would probably show by now.",
                 share=percent(WORTH_KNOWING, "#,##0%"))  # fmt: skip
    return _(
        "Can't tell yet: about %(count)s more %(units)s are needed to see a difference of %(share)s.",
        count=number(_rounded(needed)), units=_("visitors' days") if adaptive else _("visitors or customers"),
        share=percent(WORTH_KNOWING, "#,##0%"),
    )  # fmt: skip


def _rounded(count: int) -> int:
    """Two leading digits: more would pretend to know."""
    step = int(10 ** max(len(str(count)) - 2, 0))
    return -(-count // step) * step
