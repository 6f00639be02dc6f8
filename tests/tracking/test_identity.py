"""Whose browser it is: claims add up to one customer or to nobody, and a shared device never merges two."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking import identity
from tracking.clickstream.sessions import Session as Visit
from tracking.customers import Customer
from tracking.visitors import ConsentChoice, Grade, Visitor, record_choice, visitor_id_of

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MONTH = timedelta(days=30)


@pytest.fixture
def people(session: Session) -> dict[str, int]:
    rows = {name: Customer(email=f"{name}@example.com", created_at=NOW, traits={}) for name in ("ada", "bob")}
    rows_of_browsers = {name: Visitor(token=name * 4, first_seen_at=NOW) for name in ("phone", "tablet")}
    session.add_all([*rows.values(), *rows_of_browsers.values()])
    session.commit()
    return {name: row.id for name, row in {**rows, **rows_of_browsers}.items()}


def test_a_browser_of_one_customer_is_theirs(session: Session, people: dict[str, int]) -> None:
    assert identity.claim(session, people["phone"], people["ada"], NOW, "signed in")
    assert identity.visitors_of(session, people["ada"]) == [people["phone"]]


def test_the_same_claim_again_changes_nothing(session: Session, people: dict[str, int]) -> None:
    assert identity.claim(session, people["phone"], people["ada"], NOW, "signed in")
    assert not identity.claim(session, people["phone"], people["ada"], NOW, "ordered")


def test_a_shared_device_belongs_to_nobody(session: Session, people: dict[str, int]) -> None:
    for browser, person in (("phone", "ada"), ("tablet", "ada"), ("tablet", "bob")):
        identity.claim(session, people[browser], people[person], NOW, "signed in")
    assert identity.visitors_of(session, people["ada"]) == [people["phone"]]
    assert identity.visitors_of(session, people["bob"]) == []


def test_a_choice_is_kept_with_its_wording_and_its_browser(session: Session) -> None:
    record_choice(session, token="c" * 32, grade=Grade.PERSONAL, wording="w1", at=NOW)
    record_choice(session, token="c" * 32, grade=Grade.NONE, wording="w1", at=NOW)
    record_choice(session, token=None, grade=Grade.NONE, wording="w1", at=NOW)
    visitor_id = visitor_id_of(session, "c" * 32)
    choices = session.scalars(select(ConsentChoice).order_by(ConsentChoice.id)).all()
    assert [(row.visitor_id, row.grade) for row in choices] == [(visitor_id, 2), (visitor_id, 0), (None, 0)]


def test_an_unknown_token_is_no_visitor(session: Session) -> None:
    assert visitor_id_of(session, "nobody") is None
    assert visitor_id_of(session, None) is None


def test_steps_from_before_the_login_join_the_customer_as_far_back_as_the_window(
    session: Session, people: dict[str, int]
) -> None:
    # given: a visit long ago, one within the window, and the one of the login
    long_ago, lately, now = (_visit(session, people["phone"], days) for days in (31, 29, 0))

    # when
    identity.claim(session, people["phone"], people["ada"], NOW, "signed in")

    # then
    assert _visits(session, people["ada"]) == {lately, now}
    assert _visits(session, people["ada"], window=timedelta(days=400)) == {long_ago, lately, now}


def test_visits_after_the_claim_are_theirs_however_long_after(session: Session, people: dict[str, int]) -> None:
    identity.claim(session, people["phone"], people["ada"], NOW - timedelta(days=300), "signed in")
    today = _visit(session, people["phone"], 0)
    assert _visits(session, people["ada"]) == {today}


def test_a_visit_that_agreed_to_statistics_alone_is_nobodys_whoever_signs_in_later(
    session: Session, people: dict[str, int]
) -> None:
    statistics = _visit(session, people["phone"], 2, grade=Grade.ANALYTICS)
    stepped_up = _visit(session, people["phone"], 1, grade=Grade.ANALYTICS, customer_id=people["ada"])
    joined = _visit(session, people["phone"], 0)
    identity.claim(session, people["phone"], people["ada"], NOW, "signed in")
    assert _visits(session, people["ada"]) == {joined}
    assert not {statistics, stepped_up} & _visits(session, people["ada"], window=timedelta(days=900))


def test_on_a_shared_device_only_the_visits_signed_in_are_somebodys(session: Session, people: dict[str, int]) -> None:
    # given
    for name in ("ada", "bob"):
        identity.claim(session, people["tablet"], people[name], NOW, "signed in")
    _visit(session, people["tablet"], 2)
    of_ada = _visit(session, people["tablet"], 1, customer_id=people["ada"])
    of_bob = _visit(session, people["tablet"], 0, customer_id=people["bob"])

    # then: the visit of nobody in particular is nobody's
    assert _visits(session, people["ada"]) == {of_ada}
    assert _visits(session, people["bob"]) == {of_bob}


def test_a_claim_taken_back_frees_the_browser_for_the_other_and_put_back_takes_it_again(
    session: Session, people: dict[str, int]
) -> None:
    # given: a shared browser with a visit of each and one of nobody in particular
    for name in ("ada", "bob"):
        identity.claim(session, people["tablet"], people[name], NOW, "signed in")
    anonymous = _visit(session, people["tablet"], 2)
    of_ada = _visit(session, people["tablet"], 1, customer_id=people["ada"])
    of_bob = _visit(session, people["tablet"], 0, customer_id=people["bob"])
    before = _visits(session, people["ada"]), _visits(session, people["bob"])
    [bobs] = identity.claims_of(session, people["bob"])
    assert (bobs.stands, bobs.shared) == (True, True)

    # when
    assert _change(session, bobs.id, stands=False)

    # then
    assert identity.visitors_of(session, people["ada"]) == [people["tablet"]]
    assert _visits(session, people["ada"]) == {anonymous, of_ada}
    assert _visits(session, people["bob"]) == set()
    assert of_bob not in _visits(session, people["ada"])
    [bobs], [adas] = identity.claims_of(session, people["bob"]), identity.claims_of(session, people["ada"])
    assert (bobs.stands, adas.shared) == (False, False)

    # when: a further sign-in doesn't undo what staff decided, putting back does
    identity.claim(session, people["tablet"], people["bob"], NOW, "signed in")
    assert not identity.claims_of(session, people["bob"])[0].stands
    assert _change(session, bobs.id, stands=True)

    # then: all is as before
    assert (_visits(session, people["ada"]), _visits(session, people["bob"])) == before


def test_a_change_that_changes_nothing_is_no_change(session: Session, people: dict[str, int]) -> None:
    identity.claim(session, people["phone"], people["ada"], NOW, "signed in")
    [claim] = identity.claims_of(session, people["ada"])
    assert not _change(session, claim.id, stands=True)
    assert _change(session, claim.id, stands=False)
    assert not _change(session, claim.id, stands=False)
    with pytest.raises(LookupError, match="there is no claim"):
        _change(session, claim.id + 1, stands=False)


def test_visits_can_be_asked_for_a_period_that_they_reach_into(session: Session, people: dict[str, int]) -> None:
    identity.claim(session, people["phone"], people["ada"], NOW, "signed in")
    older, newer = _visit(session, people["phone"], 9), _visit(session, people["phone"], 1)
    five_days_ago = NOW - timedelta(days=5)
    assert _visits(session, people["ada"], since=five_days_ago) == {newer}
    assert _visits(session, people["ada"], until=five_days_ago) == {older}


def test_whoever_has_claimed_a_browser_is_found_by_it(session: Session, people: dict[str, int]) -> None:
    for name in ("bob", "ada"):
        identity.claim(session, people["tablet"], people[name], NOW, "signed in")
    assert list(identity.claimants(session, people["tablet"])) == sorted([people["ada"], people["bob"]])


def _visit(
    session: Session, visitor_id: int, days_ago: int, *, customer_id: int | None = None, grade: Grade = Grade.PERSONAL
) -> int:
    began = NOW - timedelta(days=days_ago)
    visit = Visit(
        visitor_id=visitor_id, started_at=began, last_at=began + timedelta(minutes=5), customer_id=customer_id,
        grade=grade,
    )  # fmt: skip
    session.add(visit)
    session.flush()
    return visit.id


def _visits(
    session: Session,
    customer_id: int,
    *,
    window: timedelta = MONTH,
    since: datetime | None = None,
    until: datetime | None = None,
) -> set[int]:
    query = identity.visits_of(session, customer_id, window=window, since=since, until=until)
    found = set(session.scalars(query))
    if until is None:  # the question about everybody has the same answer for each
        for whose in (None, customer_id):
            dialect = session.get_bind().dialect.name
            joined = identity.joined_visits(window=window, dialect=dialect, since=since, customer_id=whose)
            asked = select(joined.c.visit_id).where(joined.c.customer_id == customer_id)
            assert sorted(session.scalars(asked)) == sorted(found)
    return found


def _change(session: Session, claim_id: int, *, stands: bool) -> bool:
    return identity.change_claim(session, claim_id, stands=stands, by="Olga", reason="wrong person", at=NOW)
