"""Changing a case: the one way by which state, owner, team, priority and the like change, with a step for each.

Two agents at once: `take` locks the row and refuses who saw an older version of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from ecrm.service.teams import Team
from ecrm.storefront import Staff

from .arranger import arranger
from .case import OWED, UNSOLVED, Case, Kind, Priority, State
from .clock import go_on, note_breaches, reckon, stand
from .news import announce
from .step import CaseStep, log_step

MOVES: dict[State, frozenset[State]] = {
    State.NEW: frozenset({State.OPEN, State.WAITING, State.SOLVED, State.CLOSED}),
    State.OPEN: frozenset({State.WAITING, State.SOLVED, State.CLOSED}),
    State.WAITING: frozenset({State.OPEN, State.SOLVED, State.CLOSED}),
    State.SOLVED: frozenset({State.OPEN, State.CLOSED}),
    State.CLOSED: frozenset({State.OPEN}),
}
"""From a state to those that may follow. Nothing becomes new again; what is merged stays closed."""
NO_TEAM = 0


class ChangedMeanwhile(Exception):
    """Somebody changed the case since it was read; `case` is as it stands now. Nothing was written."""

    def __init__(self, case: Case) -> None:
        super().__init__(f"case {case.reference} is at version {case.version}")
        self.case = case


class NotAllowed(ValueError):
    """A move that the states don't allow; `now` and `wanted` say which."""

    def __init__(self, case: Case, wanted: str) -> None:
        super().__init__(f"case {case.reference} is {case.state} and can't become {wanted}")
        self.reference, self.now, self.wanted = case.reference, case.state, wanted


class TeamPutAway(NotAllowed):
    """A team that isn't at work any more, or never was: nobody would see the case; `wanted` is its name."""


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What to change; None leaves it. `team_id` 0 takes it from its team, `owner` "" from its owner."""

    state: State | None = None
    priority: Priority | None = None
    kind: Kind | None = None
    owner: str | None = None
    team_id: int | None = None
    subject: str | None = None
    order_reference: str | None = None
    product: str | None = None
    customer_id: int | None = None
    language: str | None = None
    spam: bool | None = None


def take(session: Session, case: Case, *, version: int | None = None) -> None:
    """Lock a case for this transaction and read it anew.

    Args:
        version: the one that the caller has seen; None doesn't ask.

    Raises:
        ChangedMeanwhile: where another version stands there.
    """
    query = update(Case).where(Case.id == case.id)
    if version is not None:
        query = query.where(Case.version == version)
    taken: Any = session.execute(
        query.values(version=Case.version + 1).execution_options(synchronize_session=False)
    )  # fmt: skip
    session.refresh(case)
    if not taken.rowcount:
        raise ChangedMeanwhile(case)


def change(
    session: Session,
    case: Case,
    changes: Changes,
    *,
    now: datetime,
    by: Staff | None = None,
    version: int | None = None,
    why: str = "",
) -> list[CaseStep]:
    """Change a case, in the caller's transaction.

    Args:
        by: who does it; None for the system.
        version: of the case as the caller has seen it.
        why: a word for the log, e.g. the rule's or macro's name.

    Returns:
        The steps written; none where everything was so already.

    Raises:
        ChangedMeanwhile: see `take`.
        NotAllowed: for a state that can't follow the present one.
        TeamPutAway: for a team that isn't at work.
    """
    take(session, case, version=version)
    changes = _with_spam_put_away(case, changes)
    if not changes.spam:  # nobody was owed an answer
        note_breaches(session, case, now=now)
    steps = []
    for what, wanted in _wanted(changes):
        before = getattr(case, _COLUMNS.get(what, what))
        if before == wanted:
            continue
        if what == "state":
            move(session, case, State(wanted), now=now)
        elif what == "team":
            _to_team(session, case, wanted, now=now)
        else:
            setattr(case, _COLUMNS.get(what, what), wanted)
        detail: dict[str, Any] = {"from": before, "to": wanted} if what not in _UNSPOKEN else {}
        steps.append(log_step(session, case, what, now=now, by=by, **detail, **({"why": why} if why else {})))
    if steps:
        arranger().changed(session, case, {step.what for step in steps}, now=now)
        announce(session, case)
    reckon(session, case)
    session.flush()
    return steps


_COLUMNS = {"team": "team_id", "order": "order_reference", "customer": "customer_id"}
_UNSPOKEN = frozenset({"subject"})
"""Changes whose words stay out of the log: a person wrote them."""


def _with_spam_put_away(case: Case, changes: Changes) -> Changes:
    """Spam is closed with its mark and open again without it, unless the caller says otherwise."""
    if changes.spam is None or changes.spam == case.spam or changes.state is not None or case.merged_into is not None:
        return changes
    if changes.spam:
        return replace(changes, state=State.CLOSED)
    return replace(changes, state=State.OPEN) if case.state == State.CLOSED and case.erased_at is None else changes


def _wanted(changes: Changes) -> list[tuple[str, Any]]:
    named = (
        ("kind", changes.kind), ("priority", None if changes.priority is None else int(changes.priority)),
        ("team", changes.team_id), ("owner", changes.owner), ("subject", changes.subject),
        ("order", changes.order_reference), ("product", changes.product), ("customer", changes.customer_id),
        ("language", changes.language), ("spam", changes.spam), ("state", changes.state),
    )  # fmt: skip
    return [
        (what, None if what == "team" and value == NO_TEAM else value) for what, value in named if value is not None
    ]


def move(session: Session, case: Case, state: State, *, now: datetime) -> None:
    """Bring a case into a state, with its clock; the step is the caller's.

    Raises:
        NotAllowed: where the table `MOVES` doesn't have it, and for what was merged, or would be open and is erased.
    """
    before = State(case.state)
    gone = case.merged_into is not None or (case.erased_at is not None and state in UNSOLVED)
    if state not in MOVES[before] or gone:
        raise NotAllowed(case, state)
    if state in OWED:
        go_on(session, case, now=now)
        case.reopened += before in {State.SOLVED, State.CLOSED}
        case.solved_at = case.closed_at = None
    else:
        stand(case, now=now)
    if state in {State.SOLVED, State.CLOSED}:
        case.solved_at = case.solved_at or now
    if state == State.CLOSED:
        case.closed_at = now
    case.state = state


def _to_team(session: Session, case: Case, team_id: int | None, *, now: datetime) -> None:
    # What the clock stood so far was counted in the old team's hours; what comes is counted in the new one's.
    team = session.get(Team, team_id) if team_id is not None else None
    if team_id is not None and (team is None or team.archived_at is not None):
        raise TeamPutAway(case, team.name if team is not None else str(team_id))
    stood = case.waiting_since
    go_on(session, case, now=now)
    case.team_id = team_id
    case.waiting_since = now if stood is not None else None
