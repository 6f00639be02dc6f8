"""The checkout's form: reads what was typed into `Details`, or says beside each field what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, post_load, pre_load, validates, validates_schema

from ..addressing.countries import is_country, postcode_fits
from ..addressing.fields import LONGEST_EMAIL, Line, checked_email, checked_phone
from ..profile import ShopProfile
from ..wording import gettext as _
from . import delivery
from .details import Details
from .payment import payment_method


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
        try:
            checked_phone(phone or "", country)
        except ValidationError as error:
            errors["phone"] = [str(error.messages[0])]
        at_home = {method.code for method in delivery.METHODS if not method.abroad}
        if country != self.profile.country and data.get("delivery_method") in at_home:
            errors["delivery_method"] = [_("Pick-up points exist only in the shop's own country.")]
        if errors:
            raise ValidationError(errors)

    @post_load
    def _made(self, data: Mapping[str, str], **_kwargs: Any) -> Details:
        phone = checked_phone(data["phone"], data["country"])
        return Details(**{**data, "email": checked_email(data["email"]), "phone": phone})


def read_details(
    form: Mapping[str, Any], profile: ShopProfile
) -> tuple[Details, dict[str, str]] | tuple[None, dict[str, str]]:
    """The details, or None and one message a field."""
    try:
        details: Details = DetailsSchema(profile).load(dict(form))
    except ValidationError as error:
        return None, {name: str(problems[0]) for name, problems in error.messages_dict.items()}
    return details, {}
