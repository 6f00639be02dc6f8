"""Carriers from numbers: the check digit speaks before the shape does."""

from __future__ import annotations

import pytest

from tracking.delivery.carriers import candidates, carrier_of


@pytest.mark.parametrize(("number", "found"), [
    ("1Z5R89390357567127", ("ups",)),
    ("00340434161094042557", ("dhl",)),
    ("0034 0434 1610 9404 2557", ("dhl",)),
    ("jjd000390007827912345", ("dhl",)),
    ("RR123456785GB", ("royal-mail",)),
    ("CY123456785US", ("usps",)),
    ("986578788855", ("fedex", "gls")),
    ("09133131530724", ("hermes", "dpd")),
    ("01015026003653C", ("dpd",)),
    ("H1234567890123456789", ("hermes",)),
])  # fmt: skip
def test_a_number_names_its_carriers_the_surest_first(number: str, found: tuple[str, ...]) -> None:
    assert candidates(number) == found


@pytest.mark.parametrize("number", [
    "1Z5R89390357567128", "RR123456784GB", "01015026003653D", "", "PIGEON", "<script>", "١٢٣٤",
])  # fmt: skip
def test_a_wrong_check_digit_or_no_number_at_all_names_none(number: str) -> None:
    assert candidates(number) == ()


def test_only_one_candidate_is_an_answer() -> None:
    assert carrier_of("1Z5R89390357567127") == "ups"
    assert carrier_of("986578788855") == ""
    assert carrier_of("pigeon") == ""
