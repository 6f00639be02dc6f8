"""Form fields that customers and staff share: one line of text, an e-mail address, a phone number."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from marshmallow import ValidationError, fields

from ..email_address import fold
from ..wording import gettext as _

LONGEST_EMAIL = 254
SHORTEST_PHONE = 1_000
"""Shorter numbers are dialled inside a house or to emergency services."""


class Line(fields.String):
    """One line of text: stripped, in NFC, without control characters, within its length."""

    def __init__(self, *, most: int, optional: bool = False) -> None:
        super().__init__(required=not optional)
        self.most = most
        self.optional = optional

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError(_("Please write this as text."))
        text = unicodedata.normalize("NFC", value).strip()
        if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
            raise ValidationError(_("There is a character in here that can't be printed on a label."))
        if not text and not self.optional:
            raise ValidationError(_("Please fill this in."))
        if len(text) > self.most:
            raise ValidationError(_("At most %(most)d characters, please.", most=self.most))
        return text


def checked_email(value: str) -> str:
    """The address in its normal form.

    Raises:
        ValidationError: it can't be an e-mail address. Whether the mailbox exists is not asked of anybody.
    """
    try:
        address = validate_email(value, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        address = ""
    # Folded for comparison, an address may be longer, and the folded form must fit its column, too.
    if not 0 < len(fold(address)) <= LONGEST_EMAIL:
        raise ValidationError(_("This doesn't look like an e-mail address."))
    return address


def checked_phone(value: str, country: str) -> str:
    """A number in international writing; `country` reads those without a prefix. Nothing stays nothing.

    Raises:
        ValidationError: it can't be a phone number there.
    """
    if not value:
        return ""
    try:
        number = phonenumbers.parse(value, country)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number) or (number.national_number or 0) < SHORTEST_PHONE:
        raise ValidationError(_("This doesn't look like a phone number. Leave it empty if you prefer."))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
