"""The checkout's form: reads what was typed into `Details`, or says beside each field what is wrong with it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, pre_load, validates, validates_schema

from ..email_address import fold
from ..profile import ShopProfile
from ..wording import gettext as _
from . import delivery
from .countries import is_country, postcode_fits
from .details import Details
from .payment import payment_method

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


class DetailsSchema(Schema):
    """Field for field as in `Details`. Unknown fields (a price, a total) are not read at all."""

    class Meta:
        unknown = EXCLUDE

    email = Line(most=LONGEST_EMAIL)
    name = Line(most=120)
    line1 = Line(most=120)
    line2 = Line(most=120, optional=True)
    city = Line(most=80)
    postcode = Line(most=20, optional=True)
    region = Line(most=80, optional=True)
    country = Line(most=2)
    phone = Line(most=40, optional=True)
    delivery_method = Line(most=40)
    payment_method = Line(most=40)

    def __init__(self, profile: ShopProfile) -> None:
        super().__init__()
        self.profile = profile

    @pre_load
    def _missing_is_empty(self, data: Mapping[str, Any], **_kwargs: Any) -> dict[str, Any]:
        """A field that a browser didn't send is one that wasn't filled in, and gets the same words."""
        return {name: data.get(name, "") for name in self.fields}

    @validates("email")
    def _email(self, value: str, **_kwargs: Any) -> None:
        checked_email(value)

    @validates("country")
    def _country(self, value: str, **_kwargs: Any) -> None:
        if not is_country(value):
            raise ValidationError(_("Please choose a country from the list."))

    @validates("payment_method")
    def _payment(self, value: str, **_kwargs: Any) -> None:
        if payment_method(value) is None:
            raise ValidationError(_("Please choose how you want to pay."))

    @validates("delivery_method")
    def _delivery(self, value: str, **_kwargs: Any) -> None:
        if value not in {method.code for method in delivery.METHODS}:
            raise ValidationError(_("Please choose how it should be delivered."))

    @validates_schema(skip_on_field_errors=False)
    def _where(self, data: Mapping[str, str], **_kwargs: Any) -> None:
        """What depends on the country; answers that are wrong by themselves are missing here."""
        errors: dict[str, list[str]] = {}
        country, postcode, phone = data.get("country", ""), data.get("postcode"), data.get("phone")
        if not is_country(country):
            return
        if postcode is not None and not postcode_fits(postcode, country):
            no_fit = _("This doesn't look like a postcode of that country.")
            errors["postcode"] = [no_fit if postcode else _("Please fill this in.")]
        if phone and _phone(phone, country) is None:
            errors["phone"] = [_("This doesn't look like a phone number. Leave it empty if you prefer.")]
        at_home = {method.code for method in delivery.METHODS if not method.abroad}
        if country != self.profile.country and data.get("delivery_method") in at_home:
            errors["delivery_method"] = [_("Pick-up points exist only in the shop's own country.")]
        if errors:
            raise ValidationError(errors)

    @post_load
    def _made(self, data: Mapping[str, str], **_kwargs: Any) -> Details:
        phone = _phone(data["phone"], data["country"]) if data["phone"] else ""
        return Details(**{**data, "email": checked_email(data["email"]), "phone": phone or ""})


def read_details(
    form: Mapping[str, Any], profile: ShopProfile
) -> tuple[Details, dict[str, str]] | tuple[None, dict[str, str]]:
    """The details, or None and one message a field."""
    try:
        details: Details = DetailsSchema(profile).load(dict(form))
    except ValidationError as error:
        return None, {name: str(problems[0]) for name, problems in error.messages_dict.items()}
    return details, {}


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


def _phone(value: str, country: str) -> str | None:
    """In international writing, or None."""
    try:
        number = phonenumbers.parse(value, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number) or (number.national_number or 0) < SHORTEST_PHONE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
