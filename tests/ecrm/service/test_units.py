"""Pieces: found however their number is read out, with a warranty that follows from the sale."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy.orm import Session

from ecrm.serial_numbers import BadSerial, fold_serial
from ecrm.service import units
from ecrm.service.units import Sold
from ecrm.service.warranty import runs_until
from ecrm.warranty_months import Months

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize("said", ["SN-77/41 b", "sn 7741B", "SN7741B", "ｓｎ７７４１ｂ"])
def test_a_number_is_the_same_however_it_is_read_from_the_label(session: Session, said: str) -> None:
    units.keep(session, Sold("SN-77/41 b", "1", "Lamp", "O1", None, NOW, None, "test"))
    assert [one.name for one in units.by_serial(session, said)] == ["Lamp"]


def test_a_number_is_kept_once_a_product(session: Session) -> None:
    sold = Sold("SN1", "1", "Lamp", "O1", None, NOW, None, "test")
    assert units.keep(session, sold) is not None
    assert units.keep(session, sold) is None
    assert units.keep(session, Sold("sn-1", "2", "Pot", "O1", None, NOW, None, "test")) is not None


@pytest.mark.parametrize("number", ["", "--", "ab", "x" * 65])
def test_what_is_no_serial_number_is_refused(number: str) -> None:
    with pytest.raises(BadSerial):
        fold_serial(number)


@pytest.mark.parametrize(
    ("sold", "months", "until"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 2, 29), 24, date(2026, 2, 28)),
        (date(2026, 12, 5), 1, date(2027, 1, 5)),
        (date(2026, 12, 5), 0, None),
    ],
)
def test_a_warranty_ends_on_the_same_day_of_the_month(sold: date, months: int, until: date | None) -> None:
    assert runs_until(sold, months) == until


def test_the_setting_names_months_for_everything_and_by_category() -> None:
    assert Months.parse(["24", "Lamps = 36"]) == Months(24, {"lamps": 36})
    for wrong in ("two", "=3", "Lamps=x", "5000"):
        with pytest.raises(ValueError, match="ECRM_WARRANTY_MONTHS"):
            Months.parse([wrong])
