"""A spreadsheet gets data, never a formula."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from flask import Flask

from ecrm.console.spreadsheets import csv_response, major, safe


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_text_that_would_run_is_quoted(start: str) -> None:
    assert safe(f"{start}cmd|'/c calc'!A1") == f"'{start}cmd|'/c calc'!A1"


def test_numbers_stay_numbers_and_days_stay_days() -> None:
    assert safe(Decimal("-12.50")) == "-12.50"
    assert safe(-3) == "-3"
    assert safe(date(2026, 11, 3)) == "2026-11-03"
    assert safe(None) == ""


def test_money_is_exact_in_each_currency() -> None:
    assert str(major(1299, "USD")) == "12.99"
    assert str(major(1299, "JPY")) == "1299"
    assert str(major(-5, "EUR")) == "-0.05"


def test_a_download_says_what_it_is() -> None:
    with Flask("sheet").test_request_context():
        response = csv_response([("a", "=b"), (1, 'c"d')], filename="x.csv")
        assert response.get_data(as_text=True) == '\ufeffa,\'=b\r\n1,"c""d"\r\n'
    assert response.mimetype == "text/csv"
    assert "x.csv" in response.headers["Content-Disposition"]
