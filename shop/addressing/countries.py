"""Countries that a parcel can go to, by name in the reader's language, and what their postcodes look like."""

from __future__ import annotations

import re
from functools import lru_cache

from babel import Locale

from ..wording import locale

# Codes of CLDR that are no addressable country (unions, test regions, "unknown").
_NO_COUNTRY = frozenset({"AC", "AQ", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})

# Countries that deliver without a postcode (Universal Postal Union, addressing systems).
_NO_POSTCODE = frozenset({
    "AE", "AG", "AO", "AW", "BF", "BI", "BJ", "BO", "BS", "BW", "BZ", "CD", "CF", "CG", "CI", "CK", "CM", "DJ", "DM",
    "ER", "FJ", "GD", "GH", "GM", "GQ", "GY", "HK", "JM", "KI", "KM", "KN", "KP", "LC", "ML", "MO", "MR", "MW", "NR",
    "NU", "QA", "RW", "SB", "SC", "SL", "SR", "ST", "SY", "TF", "TG", "TK", "TO", "TT", "TV", "UG", "VU", "YE", "ZW",
})  # fmt: skip

# Lenient: what a letter carrier would still understand. Countries not named take any short code.
_POSTCODES = {
    "AT": r"\d{4}", "AU": r"\d{4}", "BE": r"\d{4}", "CA": r"[A-Z]\d[A-Z] ?\d[A-Z]\d", "CH": r"\d{4}",
    "DE": r"\d{5}", "DK": r"\d{4}", "ES": r"\d{5}", "FI": r"\d{5}", "FR": r"\d{5}",
    "GB": r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}", "IT": r"\d{5}", "JP": r"\d{3}-?\d{4}", "LU": r"(L-?)?\d{4}",
    "NL": r"\d{4} ?[A-Z]{2}", "NO": r"\d{4}", "PL": r"\d{2}-?\d{3}", "PT": r"\d{4}(-?\d{3})?", "SE": r"\d{3} ?\d{2}",
    "US": r"\d{5}(-?\d{4})?",
}  # fmt: skip
_ANY_POSTCODE = r"[A-Z0-9][A-Z0-9 -]{1,11}"


def countries() -> list[tuple[str, str]]:
    """(ISO 3166 code, name in the reader's language), sorted by name."""
    return list(_countries(str(locale())))


def country_name(code: str) -> str:
    """The country's name in the reader's language; the code itself where it is unknown."""
    names = locale().territories
    return str(names.get(code, code))


def is_country(code: str) -> bool:
    """Whether parcels can go there."""
    return any(code == known for known, _name in _countries("en"))


def postcode_fits(postcode: str, country: str) -> bool:
    """Whether it can be a postcode of that country; an empty one fits where none are used."""
    if not postcode:
        return country in _NO_POSTCODE
    return re.fullmatch(_POSTCODES.get(country, _ANY_POSTCODE), postcode.upper(), re.ASCII) is not None


@lru_cache(maxsize=32)
def _countries(language: str) -> tuple[tuple[str, str], ...]:
    names = Locale.parse(language).territories
    found = [(code, str(name)) for code, name in names.items() if len(code) == 2 and code.isalpha()]
    return tuple(sorted((pair for pair in found if pair[0] not in _NO_COUNTRY), key=lambda pair: pair[1].casefold()))
