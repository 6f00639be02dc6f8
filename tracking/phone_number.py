"""One form for all writings of a telephone number, by which numbers are compared and stored for looking up.

E.164 (`+493012345678`) where the country is known, by prefix or by the person's address; else the digits as they were
typed. libphonenumber's data decide, so that a trunk zero, an exit code or letters make no other number of it.
"""

from __future__ import annotations

import re

import phonenumbers

LONGEST = 20
_DIGITS = re.compile(r"\D+")
_FEWEST = 5
"""Shorter ones are dialled inside a house or to emergency services."""


def fold_phone(number: str, country: str = "") -> str:
    """The form in which numbers are compared; empty for what is no number.

    Args:
        country: of whoever gave it, two letters: reads numbers without a country code.
    """
    if not number or len(number) > 60:
        return ""
    parsed = _parsed(number, country)
    if parsed is not None:
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)[:LONGEST]
    digits = _ascii_digits(number)
    return digits if _FEWEST <= len(digits) <= LONGEST else ""


def forms(number: str, country: str = "") -> frozenset[str]:
    """All folded forms under which somebody with this number may be stored, for looking them up.

    A number that came with its country code is also looked for as it is dialled at home: whoever gave it without a
    code and without an address is stored so.
    """
    found = {fold_phone(number, country)}
    parsed = _parsed(number, country)
    if parsed is not None:
        national = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
        found |= {_ascii_digits(national)[:LONGEST], phonenumbers.national_significant_number(parsed)[:LONGEST]}
    return frozenset(form for form in found if len(form) >= _FEWEST)


def readable(number: str, country: str = "") -> str:
    """The number in international writing, with spaces; as it was typed where it can't be read."""
    parsed = _parsed(number, country)
    if parsed is None:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def country_calling_code(country: str) -> str:
    """`+49` of DE; empty for what is no country."""
    code = phonenumbers.country_code_for_region(country.upper())
    return f"+{code}" if code else ""


def _parsed(number: str, country: str) -> phonenumbers.PhoneNumber | None:
    typed = number.strip()
    if typed.startswith("00"):  # the exit code of nearly everywhere; where it is another, nobody types it
        typed = f"+{typed[2:]}"
    try:
        parsed = phonenumbers.parse(typed, country.upper() or None)
    except phonenumbers.NumberParseException:
        return None
    parsed.extension = None
    long_enough = len(str(parsed.national_number or 0)) >= _FEWEST
    return parsed if long_enough and phonenumbers.is_possible_number(parsed) else None


def _ascii_digits(number: str) -> str:
    return _DIGITS.sub("", "".join(str(int(one)) if one.isdecimal() else one for one in number))
