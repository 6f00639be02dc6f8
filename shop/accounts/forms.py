"""The forms of the account pages: each reads what was typed, or says beside each field what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, pre_load, validates, validates_schema

from ..addressing.countries import is_country, postcode_fits
from ..addressing.fields import Line, checked_email, checked_phone
from ..wording import gettext as _
from . import traits

OLDEST = 120


class Email(Line):
    """An address in its normal form."""

    def __init__(self) -> None:
        super().__init__(most=254)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        return checked_email(super()._deserialize(value, attr, data, **kwargs))


class Children(fields.Field[int | None]):
    """How many, or nothing."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int | None:
        text = str(value).strip()
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= traits.MOST_CHILDREN):
            raise ValidationError(_("A number from 0 to %(most)d, or nothing.", most=traits.MOST_CHILDREN))
        return int(text)


class Birthday(fields.Field[date | None]):
    """A day of the last 120 years, or nothing."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> date | None:
        text = str(value).strip()
        if not text:
            return None
        try:
            born = date.fromisoformat(text)
        except ValueError:
            raise ValidationError(_("Please write the date as year-month-day, e.g. 1990-05-17.")) from None
        today = datetime.now(UTC).date()
        if born > today or born.year < today.year - OLDEST:
            raise ValidationError(_("This can't be a birthday."))
        return born


class Secret(fields.Field[str]):
    """A password as typed: nothing is stripped."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if not isinstance(value, str) or not value:
            raise ValidationError(_("Please fill this in."))
        if "\x00" in value:
            raise ValidationError(_("There is a character in here that can't be typed."))
        return value


class _Form(Schema):
    """Unknown fields (a role, an id) are not read at all; a missing one is one that wasn't filled in."""

    class Meta:
        unknown = EXCLUDE

    @pre_load
    def _missing_is_empty(self, data: Mapping[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return {name: data.get(name, "") for name in self.fields}


class ProfileForm(_Form):
    """Name, phone and the optional traits."""

    first_name = Line(most=100)
    last_name = Line(most=100, optional=True)
    phone = Line(most=40, optional=True)
    household = Line(most=20, optional=True)
    children = Children()
    interests = Line(most=traits.MOST_INTERESTS, optional=True)
    birthday = Birthday()

    def __init__(self, *, country: str, household: str = "") -> None:
        """`country` reads phone numbers without a prefix; `household` is the present value, which may stay."""
        super().__init__()
        self._country = country
        self._household = household

    @validates("household")
    def _known_household(self, value: str, **_kwargs: Any) -> None:
        if value not in {known for known, _words in traits.households(self._household)}:
            raise ValidationError(_("Please choose from the list."))

    @validates("interests")
    def _fits_when_tidied(self, value: str, **_kwargs: Any) -> None:
        """Each comma gets a blank behind it before the words are kept."""
        if len(traits.tidy_interests(value)) > traits.MOST_INTERESTS:
            raise ValidationError(_("At most %(most)d characters, please.", most=traits.MOST_INTERESTS))

    @validates("phone")
    def _phone(self, value: str, **_kwargs: Any) -> None:
        checked_phone(value, self._country)


class RegistrationForm(ProfileForm):
    """A profile with an address to sign in with and a password; whether that is good enough `passwords` says."""

    email = Email()
    password = Secret()


class NewPasswordForm(_Form):
    """The present password, and a new one."""

    present = Secret()
    password = Secret()


class ForgottenForm(_Form):
    """Whose password was forgotten."""

    email = Email()


class FirstPasswordForm(_Form):
    """A new password where no present one is asked for: a link stands for it."""

    password = Secret()


class AddressForm(_Form):
    """A place to send parcels to; field for field as in `Address`."""

    name = Line(most=120)
    line1 = Line(most=120)
    line2 = Line(most=120, optional=True)
    city = Line(most=80)
    postcode = Line(most=20, optional=True)
    region = Line(most=80, optional=True)
    country = Line(most=2)
    phone = Line(most=40, optional=True)

    @validates("country")
    def _known_country(self, value: str, **_kwargs: Any) -> None:
        if not is_country(value):
            raise ValidationError(_("Please choose a country from the list."))

    @validates_schema
    def _fits_country(self, data: Mapping[str, str], **_kwargs: Any) -> None:
        if not postcode_fits(data["postcode"], data["country"]):
            raise ValidationError(_("This doesn't look like a postcode of that country."), "postcode")
        try:
            checked_phone(data["phone"], data["country"])
        except ValidationError as error:
            raise ValidationError(error.messages, "phone") from None


def read(form: Schema, typed: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """(values, no errors), or (nothing, one message a field)."""
    try:
        return form.load(dict(typed)), {}
    except ValidationError as error:
        return {}, {name: str(messages[0]) for name, messages in error.messages_dict.items()}
