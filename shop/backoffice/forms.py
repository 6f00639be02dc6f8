"""Staff's forms: a product, a refund. Each reads what was typed, or says beside each field what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from babel.numbers import get_currency_precision
from marshmallow import EXCLUDE, Schema, ValidationError, fields, pre_load, validates_schema

from ..addressing.countries import is_country
from ..addressing.fields import Line
from ..catalog.restrictions import AGES
from ..checkout.refunding import RefundAsked
from ..wording import gettext as _

MOST_STOCK = 1_000_000
MOST_MAJOR = 1_000_000
LONGEST_TEXT = 5_000
MOST_COUNTRIES = 60


class Money(fields.Field[int | None]):
    """A price as typed ("12.50", "12,50") in minor units; an empty optional one is None."""

    def __init__(self, *, optional: bool = False) -> None:
        super().__init__(allow_none=True)
        self.optional = optional

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int | None:
        text = str(value).strip().replace(",", ".")
        if not text and self.optional:
            return None
        digits = get_currency_precision(self.context_currency)
        try:
            minor = Decimal(text).scaleb(digits) if re.fullmatch(r"\d{1,9}(\.\d{1,4})?", text, re.ASCII) else None
        except InvalidOperation:
            minor = None
        if minor is None or minor != minor.to_integral_value() or minor > MOST_MAJOR * 10**digits:
            raise ValidationError(_("Please write a price, e.g. 12.50."))
        return int(minor)

    @property
    def context_currency(self) -> str:
        """The currency of the form that this field belongs to."""
        form = self.root
        return str(getattr(form, "currency", "EUR"))


class Whole(fields.Field[int]):
    """A whole number from 0."""

    def __init__(self, *, most: int) -> None:
        super().__init__(required=True)
        self.most = most

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        text = str(value).strip()
        if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) <= self.most):
            raise ValidationError(_("A whole number from 0 to %(most)d, please.", most=self.most))
        return int(text)


class Prose(Line):
    """Several lines of text."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        lines = str(value).replace("\r\n", "\n").replace("\r", "\n").split("\n")
        text = "\n".join(super(Prose, self)._deserialize(line, attr, data, **kwargs) for line in lines).strip()
        if len(text) > self.most:
            raise ValidationError(_("At most %(most)d characters, please.", most=self.most))
        return text


class AgeLimit(fields.Field[int | None]):
    """One of the ages that can be asked for; empty = sold to everybody."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int | None:
        text = str(value).strip()
        if text not in {"", *map(str, AGES)}:
            raise ValidationError(_("Please choose an age from the list."))
        return int(text) if text else None


class CountryCodes(fields.Field[str | None]):
    """Countries in two letters, with spaces or commas between them; None where there are none."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str | None:
        codes = sorted(set(str(value).upper().replace(",", " ").split()))
        if unknown := [code for code in codes if not is_country(code)]:
            raise ValidationError(
                _("Countries are written in two letters, e.g. US CH; not %(codes)s.", codes=" ".join(unknown)[:60])
            )
        if len(codes) > MOST_COUNTRIES:
            raise ValidationError(_("At most %(most)d countries, please.", most=MOST_COUNTRIES))
        return " ".join(codes) or None


class ProductForm(Schema):
    """`stock_seen` is the stock that the form showed: the difference is booked, so sales meanwhile aren't undone."""

    class Meta:
        unknown = EXCLUDE

    name = Line(most=160)
    brand = Line(most=80, optional=True)
    size = Line(most=40, optional=True)
    description = Prose(most=LONGEST_TEXT, optional=True)
    price = Money()
    was = Money(optional=True)
    cost = Money(optional=True)
    stock = Whole(most=MOST_STOCK)
    stock_seen = Whole(most=MOST_STOCK)
    age_limit = AgeLimit()
    barred_in = CountryCodes()
    listed = fields.Boolean()
    serial_numbered = fields.Boolean()

    def __init__(self, currency: str) -> None:
        super().__init__()
        self.currency = currency

    @pre_load
    def _missing_is_empty(self, data: Mapping[str, Any], **_kwargs: Any) -> dict[str, Any]:
        ticks = {name: data.get(name) == "1" for name in ("listed", "serial_numbered")}
        return {name: data.get(name, "") for name in self.fields} | ticks

    @validates_schema
    def _reduced(self, data: Mapping[str, Any], **_kwargs: Any) -> None:
        if data["was"] is not None and data["was"] <= data["price"]:
            raise ValidationError({"was": [_("The earlier price must be higher than today's.")]})


@dataclass(frozen=True)
class ProductAnswers:
    """A checked product form; prices in minor units, `stock_change` in pieces."""

    name: str
    brand: str
    size: str
    description: str
    price_minor: int
    was_minor: int | None
    cost_minor: int | None
    stock_change: int
    listed: bool
    age_limit: int | None = None
    barred_in: str | None = None
    serial_numbered: bool = False


def read_product(form: Mapping[str, Any], currency: str) -> tuple[ProductAnswers | None, dict[str, str]]:
    """The answers, or None and one message a field."""
    try:
        data: dict[str, Any] = ProductForm(currency).load(dict(form))
    except ValidationError as error:
        return None, {name: str(problems[0]) for name, problems in error.messages_dict.items()}
    answers = ProductAnswers(
        name=data["name"],
        brand=data["brand"],
        size=data["size"],
        description=data["description"],
        price_minor=data["price"],
        was_minor=data["was"],
        cost_minor=data["cost"],
        stock_change=data["stock"] - data["stock_seen"],
        listed=data["listed"],
        age_limit=data["age_limit"],
        barred_in=data["barred_in"],
        serial_numbered=data["serial_numbered"],
    )
    return answers, {}


def read_refund(form: Mapping[str, str]) -> tuple[RefundAsked | None, str]:
    """The refund that the fields `pieces-<product id>`, `shipping`, `restock`, `reason` ask for, or what is wrong."""
    pieces: dict[int, int] = {}
    for name, value in form.items():
        product_id = name.removeprefix("pieces-")
        if product_id == name or not value.strip():
            continue
        if not all(text.isascii() and text.isdigit() and len(text) <= 9 for text in (product_id, value.strip())):
            return None, _("Pieces must be whole numbers.")
        pieces[int(product_id)] = int(value)
    reason = form.get("reason", "").strip()
    if not 3 <= len(reason) <= 200 or not reason.isprintable():
        return None, _("Please give a reason of 3 to 200 characters: the customer can read it.")
    shipping, restock = form.get("shipping") == "1", form.get("restock") == "1"
    return RefundAsked(pieces=pieces, shipping=shipping, restock=restock, reason=reason), ""
