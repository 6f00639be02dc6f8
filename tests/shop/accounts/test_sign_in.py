"""Sign-ins live on the server: found by token, ended for good, and they grow old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from shop.accounts import sign_in
from shop.accounts.account import Account

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def ada(session: Session) -> Account:
    return _account(session, "ada@example.com")


@pytest.fixture
def olga(session: Session) -> Account:
    return _account(session, "olga@example.com", role="owner")


def test_a_token_finds_its_sign_in_and_the_row_holds_only_its_hash(session: Session, ada: Account) -> None:
    row, token = sign_in.begin(session, ada, now=NOW)

    found = sign_in.find(session, token, now=NOW)

    assert found is row
    assert found.account is ada
    assert token not in row.token_hash


@pytest.mark.parametrize("token", ["", "x", "0" * 64, "' OR 1=1 --", "\u2603" * 40])
def test_a_made_up_token_finds_nothing(session: Session, ada: Account, token: str) -> None:
    sign_in.begin(session, ada, now=NOW)
    assert sign_in.find(session, token, now=NOW) is None


def test_an_ended_sign_in_is_gone_for_good(session: Session, ada: Account) -> None:
    row, token = sign_in.begin(session, ada, now=NOW)

    sign_in.end(session, row, now=NOW)
    sign_in.touch(session, row, now=NOW + timedelta(minutes=5))

    assert sign_in.find(session, token, now=NOW + timedelta(minutes=5)) is None


def test_a_customer_may_stay_away_for_thirty_days(session: Session, ada: Account) -> None:
    _row, token = sign_in.begin(session, ada, now=NOW)

    assert sign_in.find(session, token, now=NOW + timedelta(days=29)) is not None
    assert sign_in.find(session, token, now=NOW + timedelta(days=30)) is None


def test_staff_are_signed_out_after_half_an_hour_without_a_click(session: Session, olga: Account) -> None:
    _row, token = sign_in.begin(session, olga, now=NOW)

    assert sign_in.find(session, token, now=NOW + timedelta(minutes=29)) is not None
    assert sign_in.find(session, token, now=NOW + timedelta(minutes=30)) is None


def test_staff_are_signed_out_after_twelve_hours_however_busy(session: Session, olga: Account) -> None:
    row, token = sign_in.begin(session, olga, now=NOW)
    for minutes in range(0, 12 * 60, 20):
        sign_in.touch(session, row, now=NOW + timedelta(minutes=minutes))
        session.refresh(row)

    assert sign_in.find(session, token, now=NOW + timedelta(hours=11, minutes=45)) is not None
    assert sign_in.find(session, token, now=NOW + timedelta(hours=12)) is None


def test_presence_is_written_once_a_minute_at_most(session: Session, ada: Account) -> None:
    row, _token = sign_in.begin(session, ada, now=NOW)

    assert not sign_in.touch(session, row, now=NOW + timedelta(seconds=59))
    assert sign_in.touch(session, row, now=NOW + timedelta(seconds=61))


def test_all_devices_or_all_others_can_be_signed_out(session: Session, ada: Account, olga: Account) -> None:
    first, first_token = sign_in.begin(session, ada, now=NOW)
    _second, second_token = sign_in.begin(session, ada, now=NOW)
    _other, other_token = sign_in.begin(session, olga, now=NOW)

    sign_in.end_others(session, first, now=NOW)
    assert sign_in.find(session, first_token, now=NOW) is not None
    assert sign_in.find(session, second_token, now=NOW) is None

    assert sign_in.end_all(session, ada, now=NOW) == 1
    assert sign_in.open_sign_ins(session, ada, now=NOW) == []
    assert sign_in.find(session, other_token, now=NOW) is not None


def _account(session: Session, email: str, role: str | None = None) -> Account:
    account = Account(email=email, email_folded=email, first_name="Ada", role=role, created_at=NOW)
    session.add(account)
    session.flush()
    return account
