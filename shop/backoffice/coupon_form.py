"""Staff's form of a new coupon: reads what was typed, or says beside each field what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, pre_load, validates_schema

from ..addressing.fields import Line
from ..coupons.coupon import read_code
from ..wording import gettext as _
from .forms import Money

MOST_USES = 1_000_000
MOST_PRODUCTS = 500
LONGEST_SKU = 40


class Code(Line):
    """A code that buyers can type; without one, nothing is made up."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        code = read_code(super()._deserialize(value, attr, data, **kwargs))
        if code is None:
            raise ValidationError(_("3 to 40 letters A–Z, digits and hyphens, please, e.g. SPRING-10."))
        return code


class Day(fields.Field[date | None]):
    """A day as browsers send it; an empty optional one is None."""

    def __init__(self, *, optional: bool = False) -> None:
        super().__init__(allow_none=True)
        self.optional = optional

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> date | None:
        text = str(value).strip()
        if not text and self.optional:
            return None
        try:
            day = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) else None
        except ValueError:
            day = None
        if day is None or not 2000 <= day.year <= 2100:
            raise ValidationError(_("Please give a day, e.g. 2026-12-31."))
        return day


class Skus(fields.Field[tuple[str, ...]]):
    """Article numbers, one a line or separated by commas; none is everything."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(part for part in re.split(r"[\s,;]+", str(value)) if part))
        if len(found) > MOST_PRODUCTS:
            raise ValidationError(_("At most %(most)d products, please.", most=MOST_PRODUCTS))
        if any(len(sku) > LONGEST_SKU or not sku.isprintable() for sku in found):
            raise ValidationError(_("An article number has at most %(most)d characters.", most=LONGEST_SKU))
        return found


class CouponForm(Schema):
    """`kind` says whether `worth` is a percentage or an amount; days are the shop's, the last one included."""

    class Meta:
        unknown = EXCLUDE

    code = Code(most=60)
    label = Line(most=120)
    kind = fields.String()
    percent = Line(most=3, optional=True)
    amount = Money(optional=True)
    minimum = Money(optional=True)
    first_day = Day()
    last_day = Day(optional=True)
    uses = Line(most=9, optional=True)
    products = Skus()

    def __init__(self, currency: str) -> None:
        super().__init__()
        self.currency = currency

    @pre_load
    def _missing_is_empty(self, data: Mapping[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return {name: data.get(name, "") for name in self.fields}

    @validates_schema
    def _one_worth(self, data: Mapping[str, Any], **_kwargs: Any) -> None:
        if data["kind"] not in {"percent", "amount"}:
            raise ValidationError({"kind": [_("Please choose: a percentage or an amount.")]})
        if data["kind"] == "percent" and not 1 <= _whole(data["percent"], most=100) <= 100:
            raise ValidationError({"percent": [_("A whole number from 1 to 100, please.")]})
        if data["kind"] == "amount" and not data["amount"]:
            raise ValidationError({"amount": [_("Please write an amount, e.g. 5.00.")]})

    @validates_schema
    def _uses_and_days(self, data: Mapping[str, Any], **_kwargs: Any) -> None:
        if data["uses"] and _whole(data["uses"], most=MOST_USES) < 1:
            most = MOST_USES
            raise ValidationError({"uses": [_("A whole number from 1 to %(most)d, or nothing.", most=most)]})
        if data["last_day"] is not None and data["last_day"] < data["first_day"]:
            raise ValidationError({"last_day": [_("The last day can't be before the first.")]})


@dataclass(frozen=True)
class CouponAnswers:
    """A checked form; money in minor units. Of `percent` and `amount_minor` exactly one is set."""

    code: str
    label: str
    percent: int | None
    amount_minor: int | None
    minimum_minor: int
    first_day: date
    last_day: date | None
    uses: int | None
    skus: tuple[str, ...]


def read_coupon(form: Mapping[str, Any], currency: str) -> tuple[CouponAnswers | None, dict[str, str]]:
    """The answers, or None and one message a field."""
    try:
        data: dict[str, Any] = CouponForm(currency).load(dict(form))
    except ValidationError as error:
        return None, {name: str(problems[0]) for name, problems in error.messages_dict.items()}
    by_percent = data["kind"] == "percent"
    answers = CouponAnswers(
        code=data["code"],
        label=data["label"],
        percent=int(data["percent"]) if by_percent else None,
        amount_minor=None if by_percent else data["amount"],
        minimum_minor=data["minimum"] or 0,
        first_day=data["first_day"],
        last_day=data["last_day"],
        uses=int(data["uses"]) if data["uses"] else None,
        skus=data["products"],
    )
    return answers, {}


def _whole(text: str, *, most: int) -> int:
    """The number that stands there; -1 for what is none, or more than `most`."""
    plain = text.isascii() and text.isdigit() and len(text) <= 9
    return int(text) if plain and int(text) <= most else -1
