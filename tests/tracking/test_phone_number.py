"""A telephone number is one number, however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.phone_number import LONGEST, fold_phone, forms, readable

BERLIN = "+493012345678"


@pytest.mark.parametrize(
    "written",
    [
        "030 12345678", "030/123 456 78", "(030) 1234-5678", "+49 30 12345678", "0049 30 12345678", "+49(0)30 12345678",
        "+49 30 12345678 ext. 12", "٠٣٠١٢٣٤٥٦٧٨",
    ],
)  # fmt: skip
def test_all_writings_of_a_number_are_one(written: str) -> None:
    assert fold_phone(written, "DE") == BERLIN


def test_a_number_without_any_country_is_its_digits_and_is_found_by_whoever_dials_it() -> None:
    assert fold_phone("030 12345678") == "03012345678"
    assert "03012345678" in forms("+49 30 12345678")
    assert BERLIN in forms("030 12345678", "DE")
    assert fold_phone("020 7946 0018", "GB") == "+442079460018"


@pytest.mark.parametrize("nothing", ["", "   ", "hello", "112", "1" * 200, "+", "@"])
def test_what_is_no_number_is_nothing(nothing: str) -> None:
    assert fold_phone(nothing, "DE") == ""
    assert forms(nothing, "DE") == frozenset()


def test_a_number_is_shown_with_spaces() -> None:
    assert readable("03012345678", "DE") == "+49 30 12345678"
    assert readable("who knows") == "who knows"


@given(st.text(max_size=80), st.sampled_from(["DE", "", "US", "zz"]))
def test_nothing_that_is_typed_breaks_it(typed: str, country: str) -> None:
    assert len(fold_phone(typed, country)) <= LONGEST
    assert all(form.lstrip("+").isdigit() for form in forms(typed, country))
