"""A call and its case."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from ecrm.service.calls import Call, Outcome, Way, enter_call, open_case_of
from ecrm.service.cases import Case

from .desk import MIA, NOW


def test_two_agents_at_once_open_one_case_of_a_call(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        number = enter_call(
            session, number="030 12345678", direction=Way.OUT, outcome=Outcome.ANSWERED, words="rang back", by=MIA,
            country="DE", now=NOW,
        ).id  # fmt: skip
    with sessions() as late:
        seen = late.get_one(Call, number)
        assert seen.case_id is None
        late.commit()  # what it saw stays in its page, until it writes
        with sessions.begin() as session:
            first = open_case_of(session, session.get_one(Call, number), subject="a", by=MIA, now=NOW).id
        assert open_case_of(late, seen, subject="a", by=MIA, now=NOW).id == first
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 1
