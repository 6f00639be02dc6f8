"""The winner among a mailing's variants: counted over whole recipients, and named only where chance is unlikely.

Recipients were drawn by lot, so each variant's share that did something may be compared as it stands. Clicks and
openings are counted among those who agreed to that; orders among all, whether or not a link was followed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from math import erfc, sqrt
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from tracking.orders import SeenOrder

from .contacts import Contact
from .engagement import Deed, Engagement
from .mailings import Mailing, MailingState, Stage, WinnerRule, source_of, variants_of
from .outbox import Email, State

CONFIDENCE = 0.95
LEAST_SUCCESSES = 10
"""Fewer clicks or orders together prove nothing, and the normal approximation below needs some."""


@dataclass(frozen=True)
class Outcome:
    """One variant so far: of `recipients` whose deeds are known, `successes` did it at least once."""

    recipients: int
    successes: int

    @property
    def rate(self) -> float:
        return self.successes / self.recipients if self.recipients else 0.0


@dataclass(frozen=True)
class Decision:
    """`winner` is empty where chance can't be ruled out; `confidence` that the best one is better than the next."""

    winner: str
    best: str
    confidence: float


def decide(outcomes: Mapping[str, Outcome], *, confidence: float = CONFIDENCE) -> Decision:
    """Whether the best variant is better than the next best one.

    Two-proportion z-test with pooled variance (Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions,
    3rd ed., 2.3), two-sided; with more than two variants, p-values are multiplied by the number of pairs (Bonferroni).
    """
    ranked = sorted(outcomes, key=lambda name: (-outcomes[name].rate, name))
    if len(ranked) < 2:
        return Decision("", ranked[0] if ranked else "", 0.0)
    first, second = (outcomes[name] for name in ranked[:2])
    pairs = len(list(combinations(ranked, 2)))
    sure = max(0.0, 1 - pairs * _p_value(first, second))
    enough = sum(one.successes for one in outcomes.values()) >= LEAST_SUCCESSES
    return Decision(ranked[0] if enough and sure >= confidence else "", ranked[0], sure)


def _p_value(one: Outcome, other: Outcome) -> float:
    if not one.recipients or not other.recipients:
        return 1.0
    pooled = (one.successes + other.successes) / (one.recipients + other.recipients)
    spread = sqrt(pooled * (1 - pooled) * (1 / one.recipients + 1 / other.recipients))
    return erfc(abs(one.rate - other.rate) / spread / sqrt(2)) if spread else 1.0


def outcomes(session: Session, mailing: Mailing, *, by: WinnerRule, until: datetime) -> dict[str, Outcome]:
    """Each variant's recipients and successes up to a moment."""
    sent = (Email.source == source_of(mailing.id), Email.state == State.SENT, Email.sent_at <= until)
    known = select(Email.variant, func.count(Email.id.distinct())).where(*sent).group_by(Email.variant)
    if by is WinnerRule.ORDERS:
        known = known.where(Email.customer_id.is_not(None))
        done = _counted(sent).join(SeenOrder, SeenOrder.customer_id == Email.customer_id).where(
            SeenOrder.placed_at > Email.sent_at, SeenOrder.placed_at <= until
        )  # fmt: skip
    else:
        agreed = (Contact.id == Email.contact_id, Contact.tracking_allowed)
        known = known.join(Contact, agreed[0]).where(agreed[1])
        deed = Deed.CLICK if by is WinnerRule.CLICKS else Deed.OPEN
        done = _counted(sent).join(Contact, agreed[0]).join(Engagement, Engagement.email_id == Email.id).where(
            agreed[1], Engagement.deed == deed, Engagement.machine == "", Engagement.at <= until
        )  # fmt: skip
    people = {row[0]: row[1] for row in session.execute(known)}
    successes = {row[0]: row[1] for row in session.execute(done)}
    names = [one.name for one in variants_of(session, mailing.id)]
    return {name: Outcome(people.get(name, 0), successes.get(name, 0)) for name in names}


def _counted(sent: tuple[Any, ...]) -> Select[str, int]:
    return select(Email.variant, func.count(Email.id.distinct())).where(*sent).group_by(Email.variant)


def decide_if_due(session: Session, mailing_id: int, *, now: datetime) -> Decision | None:
    """Name the winner of a mailing whose test is over, and let the rest begin; without a winner, the rest is shared out
    among all variants. None where it isn't due, or another worker was faster."""
    taken: Any = session.execute(
        update(Mailing)
        .where(
            Mailing.id == mailing_id, Mailing.state == MailingState.RUNNING, Mailing.stage == Stage.WAITING,
            Mailing.decide_at <= now,
        )
        .values(stage=Stage.REST, cursor=0, changed_at=now)
    )  # fmt: skip
    if not taken.rowcount:
        return None
    mailing = session.get_one(Mailing, mailing_id, populate_existing=True)
    found = outcomes(session, mailing, by=WinnerRule(mailing.winner_by), until=now)
    decision = decide(found)
    mailing.winner = decision.winner
    mailing.decision = {
        "at": now.isoformat(), "by": mailing.winner_by, "best": decision.best,
        "confidence": round(decision.confidence, 4),
        "variants": {name: [one.recipients, one.successes] for name, one in found.items()},
    }  # fmt: skip
    session.flush()
    return decision
