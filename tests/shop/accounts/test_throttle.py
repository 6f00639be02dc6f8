"""Guessing gets slower, for existing and unknown addresses alike, and simultaneous guesses don't get around it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from shop.accounts import throttle

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_a_few_slips_are_free_and_then_each_pause_doubles() -> None:
    pauses = [throttle.pause_after(failures).total_seconds() for failures in range(1, 10)]
    assert pauses == [0, 0, 0, 2, 4, 8, 16, 32, 64]


def test_the_longest_pause_is_a_quarter_of_an_hour() -> None:
    assert throttle.pause_after(1_000_000) == timedelta(minutes=15)


def test_during_a_pause_no_attempt_may_be_made(session: Session) -> None:
    for _slip in range(4):
        assert throttle.claim_attempt(session, "ada@example.com", now=NOW) is None

    assert throttle.claim_attempt(session, "ada@example.com", now=NOW) == timedelta(seconds=2)
    assert throttle.claim_attempt(session, "ada@example.com", now=NOW + timedelta(seconds=3)) is None
    assert throttle.claim_attempt(session, "ada@example.com", now=NOW + timedelta(seconds=4)) == timedelta(seconds=3)


def test_another_account_is_not_slowed_down(session: Session) -> None:
    for _slip in range(6):
        throttle.claim_attempt(session, "ada@example.com", now=NOW)

    assert throttle.claim_attempt(session, "olga@example.com", now=NOW) is None


def test_the_right_password_starts_anew(session: Session) -> None:
    for _slip in range(6):
        throttle.claim_attempt(session, "ada@example.com", now=NOW)

    throttle.forgive(session, "ada@example.com")

    assert throttle.claim_attempt(session, "ada@example.com", now=NOW) is None


def test_of_many_simultaneous_guesses_only_the_free_ones_get_through(sessions: sessionmaker[Session]) -> None:
    def guess(_number: int) -> bool:
        with sessions.begin() as session:
            return throttle.claim_attempt(session, "ada@example.com", now=NOW) is None

    with ThreadPoolExecutor(8) as pool:
        allowed = sum(pool.map(guess, range(40)))

    assert 1 <= allowed <= throttle.FREE_ATTEMPTS


def test_addresses_are_kept_as_hashes_and_forgotten_after_a_day(session: Session) -> None:
    throttle.claim_attempt(session, "ada@example.com", now=NOW)
    kept = session.scalars(select(throttle.SignInAttempts)).one()
    assert "ada" not in kept.address_hash

    assert throttle.forget_old_attempts(session, now=NOW + timedelta(hours=23)) == 0
    assert throttle.forget_old_attempts(session, now=NOW + timedelta(hours=25)) == 1


def test_simultaneous_first_attempts_are_all_counted_and_none_is_refused(sessions: sessionmaker[Session]) -> None:
    def guess(_number: int) -> timedelta | None:
        with sessions.begin() as session:
            return throttle.claim_attempt(session, "ada@example.com", now=NOW)

    for _round in range(5):
        with ThreadPoolExecutor(3) as pool:
            assert list(pool.map(guess, range(3))) == [None, None, None]
        with sessions.begin() as session:
            assert session.scalars(select(throttle.SignInAttempts.failures)).one() == 3
            throttle.forgive(session, "ada@example.com")


def test_the_second_of_two_clicks_may_have_looked_at_the_clock_first(session: Session) -> None:
    assert throttle.claim_attempt(session, "ada@example.com", now=NOW) is None
    assert throttle.claim_attempt(session, "ada@example.com", now=NOW - timedelta(milliseconds=5)) is None


def test_what_counts_apart_slows_nothing_else_down(session: Session) -> None:
    for _slip in range(6):
        throttle.claim_attempt(session, "ada@example.com", now=NOW)

    assert throttle.claim_attempt(session, "ada@example.com", now=NOW, apart="her phone") is None
    throttle.forgive(session, "ada@example.com", apart="her phone")
    assert throttle.claim_attempt(session, "ada@example.com", now=NOW) is not None
