"""Numbers of dimensions: one each, whoever asks, and remembered only once they are committed."""

from __future__ import annotations

import threading

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from tracking.clickstream.dimensions import Audience, Page, Source, ids_of
from tracking.clickstream.sources import DIRECT, Origin


def test_each_key_has_one_number(session: Session) -> None:
    first = ids_of(session, Page, ["/tea", "/cup", "/tea"])
    assert set(first) == {"/tea", "/cup"}
    assert ids_of(session, Page, ["/cup"]) == {"/cup": first["/cup"]}
    session.commit()
    assert ids_of(session, Page, ["/tea", "/new"])["/tea"] == first["/tea"]
    assert ids_of(session, Page, []) == {}


def test_keys_of_several_columns_are_tuples_in_their_order(session: Session) -> None:
    google = Origin("organic_search", "google", "organic")
    sources = ids_of(session, Source, [DIRECT, google])
    keys = [(sources[DIRECT], "mobile", "DE", False), (sources[DIRECT], "mobile", "DE", True)]
    audiences = ids_of(session, Audience, keys)
    assert len(set(audiences.values())) == 2
    session.commit()
    assert ids_of(session, Audience, keys) == audiences
    assert session.get_one(Source, sources[google]).channel == "organic_search"


def test_a_number_that_was_rolled_back_is_forgotten(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        ids_of(session, Page, ["/gone"])
        session.rollback()
        assert session.scalars(select(Page)).all() == []
        other = ids_of(session, Page, ["/other"])["/other"]
        session.commit()
    with sessions() as session:
        gone = ids_of(session, Page, ["/gone"])["/gone"]
        assert gone != other
        assert session.scalar(select(Page.path).where(Page.id == gone)) == "/gone"


def test_a_session_that_is_closed_without_a_commit_teaches_nothing(sessions: sessionmaker[Session]) -> None:
    session = sessions()
    ids_of(session, Page, ["/gone"])
    session.close()
    ids_of(session, Page, ["/kept"])
    session.commit()
    session.close()
    with sessions() as session:
        ids = ids_of(session, Page, ["/gone", "/kept"])
        assert len(set(ids.values())) == 2


def test_many_who_ask_for_the_same_at_once_get_the_same(sessions: sessionmaker[Session]) -> None:
    answers: list[dict[str, int]] = []

    def ask(start: int) -> None:
        for number in range(start, start + 8):
            with sessions.begin() as session:
                answers.append(ids_of(session, Page, [f"/{(number + offset) % 10}" for offset in range(4)]))

    threads = [threading.Thread(target=ask, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pairs = {pair for answer in answers for pair in answer.items()}
    assert len(pairs) == 10
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Page)) == 10
