"""Amounts of the shop's own rules (postage, limits) in the minor unit of whatever currency the shop has."""

from __future__ import annotations

from babel.numbers import get_currency_precision


def minor_units(hundredths: int, currency: str) -> int:
    """Hundredths of a major unit in the currency's own minor unit (yen have none, dinars have thousandths)."""
    return hundredths * int(10 ** get_currency_precision(currency)) // 100
