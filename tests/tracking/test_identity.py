"""Whose browser it is: claims add up to one customer or to nobody, and a shared device never merges two."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking import identity
from tracking.customers import Customer
from tracking.visitors import ConsentChoice, Grade, Visitor, record_choice, visitor_id_of

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


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
