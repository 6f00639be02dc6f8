"""Satisfaction: one question by e-mail after a case was solved; the answer is a number from 1 to 5, and words.

Once a case, and not more often than every ECRM_SATISFACTION_DAYS a person. Only answers of people are asked about: a
case that nobody answered has nothing to be content with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, aliased

from ecrm.installation import Installation
from ecrm.letters import absolute, post, shop_context, write
from ecrm.mail_links import Purpose, mail_keys
from ecrm.wording import gettext as _
from mailer import dedup
from mailer.addressing import BadHeader
from mailer.enclosed import correspondence

from .acknowledging import name_to_say
from .cases import Case, Changes, Channel, Direction, Said, State, add_message, change, final, log_step
from .desk_addresses import sender_of

TEMPLATE = "satisfaction"
SCORES = (1, 2, 3, 4, 5)
UNHAPPY = 2
"""Up to this score it is offered to open the case again."""
GOOD_FOR = timedelta(days=30)
LATEST = timedelta(days=7)
"""So long after it was due a question is still asked; later nobody remembers the answer."""
MOST_WORDS = 4000
AT_ONCE = 200


def ask_all(crm: Installation, *, now: datetime) -> int:
    """Ask about all cases whose time has come; says how many were asked. Each in a transaction of its own."""
    pause = timedelta(days=int(crm.app.config["ECRM_SATISFACTION_DAYS"]))
    if not pause:
        return 0
    due = now - timedelta(hours=int(crm.app.config["ECRM_SATISFACTION_HOURS"]))
    with crm.sessions() as session:
        ids = _due(session, due=due, pause=pause, now=now)
    asked = 0
    for case_id in ids:
        with crm.app.app_context(), crm.sessions.begin() as session:
            asked += _ask(crm, session, case_id, pause=pause, now=now)
    return asked


def answer(
    session: Session, case_id: int, score: int, *, words: str = "", open_again: bool = False, now: datetime
) -> bool:
    """Keep what somebody says of a case; a later answer takes the place of the first.

    Args:
        open_again: they want it to go on; their words become a message of the case.

    Returns:
        False where the case is gone (its person was erased).
    """
    found = session.get(Case, case_id)
    if found is None or found.erased_at is not None or score not in SCORES:
        return False
    case, words = final(session, found), words.strip()[:MOST_WORDS]
    session.execute(
        update(Case)
        .where(Case.id == case.id)
        .values(satisfaction=score, satisfaction_words=words, satisfied_at=now)
        .execution_options(synchronize_session=False)
    )
    session.refresh(case)
    log_step(session, case, "satisfaction", now=now, score=score)
    if open_again and score <= UNHAPPY and case.state in {State.SOLVED, State.CLOSED}:
        _open_again(session, case, words, now=now)
    return True


def token_of(crm: Installation, case: Case, *, now: datetime) -> str:
    """For the links of the question: names the case and ends after `GOOD_FOR`."""
    return mail_keys(crm.app).sign_until(Purpose.SATISFACTION, case.id, expires=int((now + GOOD_FOR).timestamp()))


def case_of(crm: Installation, token: str, *, now: datetime) -> int | None:
    """The case of a link; None for one that is broken, forged or over."""
    parts = mail_keys(crm.app).read_fresh(Purpose.SATISFACTION, token, now=now.timestamp())
    return int(parts[0]) if parts and parts[0].isdigit() else None


def _open_again(session: Session, case: Case, words: str, *, now: datetime) -> None:
    from_them = Said(
        direction=Direction.IN, channel=Channel.FORM, text=words or _("(They weren't helped and want this to go on.)"),
        author_name=case.from_name, from_address=case.from_address,
    )  # fmt: skip
    if case.state == State.CLOSED:  # a message alone opens only what is solved
        change(session, case, Changes(state=State.OPEN), now=now, why="not helped")
    add_message(session, case, from_them, now=now)


def _due(session: Session, *, due: datetime, pause: timedelta, now: datetime) -> Sequence[int]:
    other = aliased(Case)
    lately = select(other.id).where(
        other.satisfaction_asked_at > now - pause,
        or_(other.customer_id == Case.customer_id, other.from_folded == Case.from_folded),
    )
    query = (
        select(Case.id)
        .where(
            Case.state.in_((State.SOLVED, State.CLOSED)), Case.satisfaction_asked_at.is_(None),
            Case.last_message_at > due - LATEST - GOOD_FOR, Case.solved_at <= due, Case.solved_at > due - LATEST,
            Case.first_responded_at.is_not(None), Case.from_address != "", Case.merged_into.is_(None),
            Case.erased_at.is_(None), Case.spam.is_(False), ~lately.exists(),
        )
        .order_by(Case.solved_at, Case.id)
        .limit(AT_ONCE)
    )  # fmt: skip
    return session.scalars(query).all()


def _ask(crm: Installation, session: Session, case_id: int, *, pause: timedelta, now: datetime) -> bool:
    """Claim the case by a conditional UPDATE; another of the same person may have been asked meanwhile."""
    claimed: Any = session.execute(
        update(Case)
        .where(
            Case.id == case_id, Case.satisfaction_asked_at.is_(None), Case.state.in_((State.SOLVED, State.CLOSED)),
            Case.erased_at.is_(None),
        )
        .values(satisfaction_asked_at=now)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    case = session.get_one(Case, case_id, populate_existing=True)
    if not claimed.rowcount:
        return False
    if _asked_lately(session, case, since=now - pause):
        case.satisfaction_asked_at = None
        return False
    token = token_of(crm, case, now=now)
    path = f"{str(crm.app.config['ECRM_PUBLIC_PREFIX']).rstrip('/')}/satisfaction/{token}"
    try:
        with shop_context(crm) as facts:
            letter = write(
                facts, template=TEMPLATE, to_address=case.from_address, to_name=name_to_say(case),
                context={
                    "case": case, "name": name_to_say(case), "link": absolute(facts, path),
                    "links": [(score, f"{absolute(facts, path)}?score={score}") for score in SCORES],
                },
            )  # fmt: skip
            letter = replace(letter, sender=sender_of(session, crm.app.config, facts, team_id=case.team_id))
    except BadHeader:
        return False
    email_id = post(
        session, letter, dedup_key=dedup.satisfaction(case.reference), customer_id=case.customer_id,
        order_reference=case.order_reference or None, content=correspondence(answered_by_machine=True), now=now,
    )  # fmt: skip
    if email_id is not None:
        log_step(session, case, "satisfaction_asked", now=now)
    return email_id is not None


def _asked_lately(session: Session, case: Case, *, since: datetime) -> bool:
    mine = Case.from_folded == case.from_folded
    if case.customer_id is not None:
        mine = mine | (Case.customer_id == case.customer_id)
    asked = select(Case.id).where(mine, Case.id != case.id, Case.satisfaction_asked_at > since)
    return session.scalar(asked.limit(1)) is not None
