"""Customers: one person, one row, whichever way they write their address."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracking.customers import (
    Customer,
    customer_by_email,
    customers_by_email,
    find_or_create_account,
    find_or_create_guest,
    update_profile,
)
from tracking.email_address import fold

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Customer)) or 0


def test_case_and_spelling_never_make_two_people_of_one(session: Session) -> None:
    one = find_or_create_guest(session, email="Zoë@Example.com", at=NOW)
    two = find_or_create_guest(session, email=" zoe\u0308@example.COM ", at=NOW)
    assert one is two
    assert fold("ПЕТР@example.com") == "петр@example.com"


def test_who_registers_with_a_guests_address_and_no_proof_gets_nothing_of_the_guests(session: Session) -> None:
    guest = find_or_create_guest(session, email="ada@example.com", at=NOW)
    account = find_or_create_account(session, reference="7", email="Ada@example.com", at=NOW)
    assert (account.id != guest.id, guest.reference, account.reference) == (True, None, "7")
    assert customer_by_email(session, "ada@example.com") is guest
    assert customers_by_email(session, "ADA@example.com") == [guest, account]


def test_a_guests_order_never_goes_to_an_account_that_only_says_so(session: Session) -> None:
    account = find_or_create_account(session, reference="7", email="ada@example.com", at=NOW)
    guest = find_or_create_guest(session, email="ada@example.com", at=NOW)
    assert guest is not account
    assert customers_by_email(session, "ada@example.com") == [guest, account]


def test_proof_gives_the_account_its_address_from_then_on(session: Session) -> None:
    account = find_or_create_account(session, reference="7", email="ada@example.com", at=NOW)
    guest = find_or_create_guest(session, email="ada@example.com", at=NOW)
    assert find_or_create_account(session, reference="7", email="ada@example.com", at=NOW, proved=True) is account
    assert customers_by_email(session, "ada@example.com") == [account, guest]


def test_an_account_that_proves_its_address_later_has_what_is_ordered_from_then_on(session: Session) -> None:
    # given: a guest, and an account opened with their address before the mailed link was used
    guest = find_or_create_guest(session, email="ada@example.com", at=NOW)
    account = find_or_create_account(session, reference="7", email="ada@example.com", at=NOW)

    # when
    find_or_create_account(session, reference="7", email="ada@example.com", at=NOW, proved=True)

    # then: the next guest's order is the account's, the guest of before stays, and both are found under the address
    assert find_or_create_guest(session, email="ADA@example.com", at=NOW) is account
    assert (guest.reference, count(session)) == (None, 2)
    assert customers_by_email(session, "ada@example.com") == [account, guest]


def test_a_guest_who_proves_and_registers_stays_one_customer(session: Session) -> None:
    guest = find_or_create_guest(session, email="ada@example.com", at=NOW)
    account = find_or_create_account(session, reference="7", email="Ada@example.com", at=NOW, proved=True)
    assert (account.id, account.reference, count(session)) == (guest.id, "7", 1)


def test_a_guest_order_under_an_accounts_address_is_that_customers(session: Session) -> None:
    account = find_or_create_account(session, reference="7", email="ada@example.com", at=NOW, proved=True)
    assert find_or_create_guest(session, email="ADA@example.com", at=NOW) is account


def test_two_accounts_are_never_one_customer(session: Session) -> None:
    one = find_or_create_account(session, reference="7", email="ada@example.com", at=NOW, proved=True)
    two = find_or_create_account(session, reference="8", email="ada@example.com", at=NOW, proved=True)
    assert one.id != two.id
    assert customer_by_email(session, "ada@example.com") is two  # the shop says who has the address now


def test_an_account_is_found_under_its_old_and_its_new_address(session: Session) -> None:
    one = find_or_create_account(session, reference="7", email="old@example.com", at=NOW, proved=True)
    find_or_create_account(session, reference="7", email="new@example.com", at=NOW, proved=True)
    assert customer_by_email(session, "old@example.com") is one
    assert customer_by_email(session, "new@example.com") is one


def test_a_customer_of_several_addresses_is_found_under_each_of_them(session: Session) -> None:
    # given: an account that proved two addresses one after the other, and says a third that it didn't prove
    for email in ("ada@home.example", "ada@work.example"):
        account = find_or_create_account(session, reference="7", email=email, at=NOW, proved=True)
    account = find_or_create_account(session, reference="7", email="ada@new.example", at=NOW)
    update_profile(account, email="ada@new.example")
    session.flush()

    # then: the former ones stay theirs, and what they only say finds them where nobody owns it
    for email in ("ADA@home.example", "ada@WORK.example"):
        assert customer_by_email(session, email) is account
    assert customer_by_email(session, "ada@new.example") is None
    assert customers_by_email(session, "ada@new.example") == [account]


def test_what_isnt_said_stays(session: Session) -> None:
    customer = find_or_create_guest(session, email="ada@example.com", at=NOW)
    update_profile(customer, email="ada@example.com", first_name="Ada", phone="123", traits={"children": 1})
    update_profile(customer, email="ada@example.com", last_name="Byron", traits={"household": 3})
    assert (customer.first_name, customer.last_name, customer.phone) == ("Ada", "Byron", "123")
    assert customer.traits == {"children": 1, "household": 3}
