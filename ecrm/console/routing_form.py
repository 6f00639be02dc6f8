"""The form of a routing rule's conditions and of an example: what was typed becomes what is stored, and back."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from babel.numbers import get_currency_precision
from sqlalchemy.orm import Session

from ecrm.customers.segments.segment import segments
from ecrm.installation import installation
from ecrm.service.cases import Channel, Kind
from ecrm.service.routing_rules import Conditions
from ecrm.wording import gettext as _

MOST, LONGEST, DEAREST = 30, 60, 10**12
FIELDS = (
    "words", "kinds", "channels", "languages", "countries", "categories", "segment", "least", "most", "subject", "text",
    "kind", "channel", "language", "country", "category", "value",
)  # fmt: skip


class Typed(dict[str, str]):
    """The fields of a form as they were typed."""


def conditions_of(session: Session, typed: Mapping[str, str], wrong: dict[str, str]) -> Conditions:
    """The conditions of a rule; what can't be read is named in `wrong`."""
    return Conditions(
        words=_several(typed, "words", wrong), kinds=_of(typed, "kinds", set(Kind), wrong),
        channels=_of(typed, "channels", set(Channel), wrong), languages=_codes(typed, "languages", wrong, lower=True),
        countries=_codes(typed, "countries", wrong, lower=False), categories=_several(typed, "categories", wrong),
        segment_id=_segment(session, typed, wrong), least_minor=_money(typed, "least", wrong),
        most_minor=_money(typed, "most", wrong),
    )  # fmt: skip


def typed_conditions(conditions: Conditions) -> dict[str, str]:
    """The same conditions as somebody would type them."""
    return {
        "words": ", ".join(conditions.words), "kinds": ",".join(conditions.kinds),
        "channels": ",".join(conditions.channels), "languages": ", ".join(conditions.languages),
        "countries": ", ".join(conditions.countries), "categories": ", ".join(conditions.categories),
        "segment": str(conditions.segment_id or ""), "least": _typed_money(conditions.least_minor),
        "most": _typed_money(conditions.most_minor),
    }  # fmt: skip


def given_of(session: Session, typed: Mapping[str, str], wrong: dict[str, str]) -> dict[str, Any]:
    """The matter of an example, as JSON holds it."""
    kind, channel = typed.get("kind", "") or Kind.QUESTION, typed.get("channel", "") or Channel.EMAIL
    if kind not in set(Kind):
        wrong["kind"] = _("Choose one of the list.")
    if channel not in set(Channel):
        wrong["channel"] = _("Choose one of the list.")
    text = typed.get("text", "")
    if len(text) > 5000 or "\0" in text or len(typed.get("subject", "")) > 300:
        wrong["text"] = _("An example of at most 5,000 letters is enough.")
    segment = _segment(session, typed, wrong)
    languages, countries = _codes(typed, "language", wrong, lower=True), _codes(typed, "country", wrong, lower=False)
    return {
        "subject": typed.get("subject", ""), "text": text, "kind": kind, "channel": channel,
        "language": languages[0] if languages else "", "country": countries[0] if countries else "",
        "category": list(_several(typed, "category", wrong)), "order_minor": _money(typed, "value", wrong),
        "segments": [segment] if segment is not None else [],
    }  # fmt: skip


def typed_given(given: Mapping[str, Any]) -> dict[str, str]:
    """The same matter as somebody would type it."""
    plain = {name: str(given.get(name, "") or "") for name in ("subject", "text", "kind", "channel", "language")}
    return plain | {
        "country": str(given.get("country", "") or ""), "category": ", ".join(given.get("category", [])),
        "value": _typed_money(given.get("order_minor")), "segment": str((given.get("segments") or [""])[0]),
    }  # fmt: skip


def _several(typed: Mapping[str, str], name: str, wrong: dict[str, str]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(" ".join(one.split()) for one in typed.get(name, "").split(",") if one.strip()))
    if len(found) > MOST or any(len(one) > LONGEST or not one.isprintable() for one in found):
        wrong[name] = _("At most %(most)s, divided by commas, of %(longest)s letters each.", most=MOST, longest=LONGEST)
    return found


def _of(typed: Mapping[str, str], name: str, known: set[Any], wrong: dict[str, str]) -> tuple[str, ...]:
    found = _several(typed, name, wrong)
    if not set(found) <= known:
        wrong[name] = _("Choose one of the list.")
    return found


def _codes(typed: Mapping[str, str], name: str, wrong: dict[str, str], *, lower: bool) -> tuple[str, ...]:
    found = tuple(one.lower() if lower else one.upper() for one in _several(typed, name, wrong))
    if any(len(one) != 2 or not one.isascii() or not one.isalpha() for one in found):
        wrong[name] = _(
            "Two letters each, divided by commas, e.g. %(example)s.", example="de, fr" if lower else "DE, AT"
        )
    return found


def _segment(session: Session, typed: Mapping[str, str], wrong: dict[str, str]) -> int | None:
    number = typed.get("segment", "")
    if not number:
        return None
    known = {str(one.id): one.id for one in segments(session)}
    if number not in known:
        wrong["segment"] = _("There is no such segment any more. Choose another.")
    return known.get(number)


def _decimals() -> int:
    return int(get_currency_precision(installation().storefront.facts().currency))


def _money(typed: Mapping[str, str], name: str, wrong: dict[str, str]) -> int | None:
    value = typed.get(name, "").strip()
    if not value:
        return None
    try:
        minor = Decimal(value.replace(",", ".")) * 10 ** _decimals()
        if minor.is_finite() and minor == minor.to_integral_value() and 0 <= minor <= DEAREST:
            return int(minor)
    except InvalidOperation:
        pass
    wrong[name] = _("“%(value)s” is no amount of money. Write it like 49.90.", value=value[:40])
    return None


def _typed_money(minor: int | None) -> str:
    return "" if minor is None else f"{Decimal(minor).scaleb(-_decimals()):f}"
