"""Arms on a page: who gets which strategy, what is kept of it, and the next day's shares with their reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ecrm.marketing.arm_outcomes import arms_of, tallies_of_units
from ecrm.marketing.arms import BadArms, arm_of, checked
from ecrm.marketing.bandit import Tally, allocate, allocations_of, history_of, tallies_of
from ecrm.marketing.experiments import Allocation, Experiment, Exposure, Goal, Turn, Unit, start
from ecrm.marketing.recommended.tables import RecommendationClick
from ecrm.seen_steps import after_batch
from ecrm.steps import ExperimentViewed, ProductClicked
from tracking.clickstream.ingest import ingest
from tracking.clickstream.sightings import Sighting
from tracking.visitors import Grade, Visitor

NOON = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
BERLIN = "Europe/Berlin"
ARMS = {"learnt": 50, "popular": 50}


def begin(session: Session, *, adaptive: bool, goal: Goal = Goal.CLICKS, control: int = 0) -> Experiment:
    return start(
        session, name="Which one?", subject="placement:home", unit=Unit.VISITOR, control_percent=control, by="Sam",
        now=NOON - timedelta(hours=1), arms=ARMS, adaptive=adaptive, goal=goal,
    )  # fmt: skip


def step(name: str, subject: str, token: str, at: datetime, **properties: Any) -> Sighting:
    return Sighting(at, name, subject, properties, token, Grade.ANALYTICS, user_agent="Mozilla/5.0 Firefox/130.0")


def token(number: int) -> str:
    return f"{number:032x}"


def met(experiment: Experiment, number: int, at: datetime) -> Sighting:
    return step(ExperimentViewed.name, str(experiment.id), token(number), at, variation_id="believed by nobody")


def clicked(number: int, at: datetime, *, placement: str = "home") -> Sighting:
    return step(ProductClicked.name, "7", token(number), at, list_id=placement, position=1, strategy="learnt")


def store(session: Session, steps: Sequence[Sighting]) -> None:
    ingest(session, steps, BERLIN)
    after_batch(session, steps, BERLIN)
    session.flush()


def test_arms_are_shared_out_as_they_should_be_and_a_unit_keeps_its_own() -> None:
    shares = {"learnt": 60.0, "session": 30.0, "popular": 10.0}
    drawn = [arm_of("salt", str(number), shares) for number in range(50_000)]
    assert drawn == [arm_of("salt", str(number), shares) for number in range(50_000)]
    counts = Counter(drawn)
    expected = {arm: 500 * share for arm, share in shares.items()}
    assert sum((counts[arm] - one) ** 2 / one for arm, one in expected.items()) < 13.8, "99.9 % of chi-square"
    assert arm_of("salt", "x", {}) == ""


def test_an_adaptive_experiment_draws_anew_each_day_and_not_within_one() -> None:
    first, second = date(2026, 11, 20), date(2026, 11, 21)
    one = [arm_of("salt", str(number), ARMS, day=first) for number in range(1_000)]
    assert one == [arm_of("salt", str(number), ARMS, day=first) for number in range(1_000)]
    same = sum(a == arm_of("salt", str(number), ARMS, day=second) for number, a in enumerate(one))
    assert 430 < same < 570


@pytest.mark.parametrize(
    "arms", [{"learnt": 100}, {"learnt": 50, "magic": 50}, {"learnt": 98, "popular": 2}, {"learnt": 60, "popular": 60}]
)
def test_arms_that_say_nothing_are_refused(arms: dict[str, int]) -> None:
    with pytest.raises(BadArms):
        checked(arms)


def test_each_units_arm_is_kept_and_its_clicks_are_counted_once(session: Session) -> None:
    experiment = begin(session, adaptive=False)
    steps = [met(experiment, number, NOON) for number in range(40)]
    steps += [clicked(number, NOON + timedelta(minutes=minute)) for number in range(10) for minute in (1, 2)]
    steps += [clicked(11, NOON - timedelta(minutes=5)), clicked(12, NOON + timedelta(minutes=1), placement="cart")]
    store(session, steps)
    arms = {number: arm_of(experiment.salt, token(number), ARMS) for number in range(40)}
    tokens = {row.id: row.token for row in session.scalars(select(Visitor))}
    kept = {tokens[row.unit_id]: row.arm for row in session.scalars(select(Exposure))}
    assert kept == {token(number): arm for number, arm in arms.items()}
    everyone, clickers = Counter(arms.values()), Counter(arms[number] for number in range(10))
    assert tallies_of_units(session, experiment) == {arm: Tally(everyone[arm], clickers[arm]) for arm in ARMS}
    assert session.scalars(select(Turn)).all() == []


def test_a_units_day_is_a_trial_that_succeeds_by_a_click_of_that_day(session: Session) -> None:
    experiment = begin(session, adaptive=True)
    later = NOON + timedelta(days=1)
    steps = [met(experiment, number, at) for number in range(20) for at in (NOON, later)]
    steps += [clicked(number, NOON + timedelta(minutes=1)) for number in range(5)]
    steps += [clicked(number, later + timedelta(minutes=1)) for number in range(2)]
    store(session, steps)
    trials, successes = Counter[str](), Counter[str]()
    for day, clickers in ((NOON.date(), 5), (later.date(), 2)):
        for number in range(20):
            arm = arm_of(experiment.salt, token(number), ARMS, day=day)
            trials[arm] += 1
            successes[arm] += number < clickers
    assert tallies_of(session, experiment, zone=BERLIN) == {arm: Tally(trials[arm], successes[arm]) for arm in ARMS}
    experiment.goal = str(Goal.ORDERS)
    assert sum(one.successes for one in tallies_of(session, experiment, zone=BERLIN).values()) == 0
    session.execute(update(RecommendationClick).values(bought=True))
    assert sum(one.successes for one in tallies_of(session, experiment, zone=BERLIN).values()) == 7


def test_the_control_group_has_no_arm_and_is_the_same_every_day(session: Session) -> None:
    experiment = begin(session, adaptive=True, control=50)
    for day in range(3):
        store(session, [met(experiment, number, NOON + timedelta(days=day)) for number in range(40)])
    kept = session.scalars(select(Exposure)).all()
    control = {row.unit_id for row in kept if row.control}
    assert 8 < len(control) < 32
    assert {row.arm for row in kept if row.control} == {""}
    turns = session.scalars(select(Turn)).all()
    assert len(turns) == 3 * (40 - len(control))
    assert not control & {row.unit_id for row in turns}


def test_tomorrows_shares_follow_what_was_seen_are_made_once_and_say_why(session: Session) -> None:
    experiment = begin(session, adaptive=True)
    steps = [met(experiment, number, NOON) for number in range(300)]
    steps += [
        clicked(number, NOON + timedelta(minutes=1))
        for number in range(300)
        if arm_of(experiment.salt, token(number), ARMS, day=NOON.date()) == "popular" and number % 2
    ]
    store(session, steps)
    evening = NOON.replace(hour=22, minute=40)
    (made,) = allocate(session, zone=BERLIN, now=evening)
    assert made.day == date(2026, 11, 21)
    assert made.shares["popular"] > 90
    assert made.shares["learnt"] >= 5
    assert made.why["popular"]["successes"] > 50
    assert made.why["learnt"] == {"trials": made.why["learnt"]["trials"], "successes": 0, "best": 0.0}
    assert allocate(session, zone=BERLIN, now=evening) == [], "what a visitor may have met is never changed"
    later = NOON + timedelta(days=1)
    store(session, [met(experiment, number, later) for number in range(1_000, 1_200)])
    arms = Counter(session.scalars(select(Turn.arm).where(Turn.day == later.date())))
    assert arms["popular"] > 170
    outcome = arms_of(session, experiment, zone=BERLIN, now=later)
    assert outcome.shares == allocations_of(session, experiment)[0][1]
    after_midnight = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    assert arms_of(session, experiment, zone=BERLIN, now=after_midnight).shares == outcome.shares, "the shop's day"
    assert [row.day for row in history_of(session, experiment)] == [made.day]
    assert len(session.scalars(select(Allocation)).all()) == 1
