"""Rules for recommendations: what a marketer puts first, prefers, holds back or takes out, where, and how long.

A rule is never changed: it is ended and another one made, so that the history says what held when.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import isfinite

from sqlalchemy import String, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from recommender.asking import Placement, Rule
from tracking.record import BigId, Record

WHATS = ("pin", "boost", "bury", "exclude")
OFS = ("product", "brand", "category")
MAX_VALUE = 100
MAX_PLACE = 20
"""Nobody sees a product that is pinned further down."""
MAX_WEIGHT = 100.0
MOST = 200
"""Rules at once: every page weighs all of them."""


class RecommendationRule(Record):
    """One rule; `what`, `of`, `value`, `weight` and `placement` as in `recommender.asking.Rule`. It holds from
    `starts_at` to before `until`, unless it was ended before."""

    __tablename__ = "ecrm_recommendation_rule"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    what: Mapped[str] = mapped_column(String(10))
    of: Mapped[str] = mapped_column(String(10))
    value: Mapped[str] = mapped_column(String(MAX_VALUE))
    weight: Mapped[float] = mapped_column(default=1.0)
    placement: Mapped[str | None] = mapped_column(String(20))
    starts_at: Mapped[datetime]
    until: Mapped[datetime | None]
    made_by: Mapped[str] = mapped_column(String(100), default="")
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column(index=True)


class NotARule(ValueError):
    """What was asked for can't be a rule; `field` names the part that is wrong."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def make_rule(
    session: Session,
    *,
    what: str,
    of: str,
    value: str,
    weight: float,
    placement: str | None,
    starts_at: datetime,
    until: datetime | None,
    by: str,
    now: datetime,
) -> RecommendationRule:
    """Make a rule; it holds from the caller's commit on, if it has started.

    Raises:
        NotARule: naming the field that is wrong.
    """
    value = value.strip()
    wrong = {
        "what": what not in WHATS,
        "of": of not in OFS or (what == "pin" and of != "product"),
        "value": not value or len(value) > MAX_VALUE or not value.isprintable(),
        "weight": not _sensible(what, weight),
        "placement": placement is not None and placement not in set(Placement),
        "until": until is not None and until <= max(starts_at, now),
    }
    for field, is_wrong in wrong.items():
        if is_wrong:
            raise NotARule(field)
    if len(rules_not_ended(session, now)) >= MOST:
        raise NotARule("most")
    rule = RecommendationRule(
        what=what, of=of, value=value, weight=1.0 if what == "exclude" else weight, placement=placement,
        starts_at=starts_at, until=until, made_by=by[:100], made_at=now,
    )  # fmt: skip
    session.add(rule)
    session.flush()
    return rule


def end_rule(session: Session, rule_id: int, *, now: datetime) -> RecommendationRule | None:
    """End it from the caller's commit on; None where there is none that could be ended."""
    rule = session.get(RecommendationRule, rule_id)
    if rule is None or rule.ended_at is not None:
        return None
    rule.ended_at = now
    return rule


def rules_in_force(session: Session, now: datetime) -> list[Rule]:
    """What holds at this moment, oldest first."""
    return [as_rule(row) for row in rules_not_ended(session, now) if row.starts_at <= now]


def rules_not_ended(session: Session, now: datetime) -> Sequence[RecommendationRule]:
    """What holds, or will from its first day on."""
    query = select(RecommendationRule).where(
        RecommendationRule.ended_at.is_(None),
        or_(RecommendationRule.until.is_(None), RecommendationRule.until > now),
    )
    return session.scalars(query.order_by(RecommendationRule.id)).all()


def ended_rules(session: Session, now: datetime, *, limit: int) -> Sequence[RecommendationRule]:
    """What held once, the newest first."""
    query = select(RecommendationRule).where(
        or_(RecommendationRule.ended_at.is_not(None), RecommendationRule.until <= now)
    )
    return session.scalars(query.order_by(RecommendationRule.id.desc()).limit(limit)).all()


def as_rule(row: RecommendationRule) -> Rule:
    """As the recommender takes it."""
    return Rule(
        id=row.id, what=row.what, of=row.of, value=row.value, weight=row.weight,
        placement=Placement(row.placement) if row.placement else None,
    )  # fmt: skip


def _sensible(what: str, weight: float) -> bool:
    if what == "exclude":
        return True
    if what == "pin":
        return weight == int(weight) and 1 <= weight <= MAX_PLACE if isfinite(weight) else False
    return isfinite(weight) and 1 < weight <= MAX_WEIGHT
