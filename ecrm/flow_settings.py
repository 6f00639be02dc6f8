"""What the shop sets for a flow: read from a form, checked, and written as people write it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation

from babel.numbers import get_currency_precision
from sqlalchemy.orm import Session

from mailer.flows.engine import setting_of
from mailer.flows.flow import Flow, Knob, all_knobs

from .wording import gettext as _

MOST_CONTROL = 50
_SPAN = re.compile(r"(\d{1,6})\s*(min|h|d)")
_MINUTES = {"min": 1, "h": 60, "d": 1440}


@dataclass
class Read:
    """What a form says: the values that can be used, and by field's name what is wrong with the others."""

    switched_on: bool = False
    control_percent: int = 0
    knobs: dict[str, int] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


def read(form: Mapping[str, str], flow: Flow, *, currency: str) -> Read:
    """Read the form of a flow's page; nothing is guessed where something is wrong."""
    found = Read(switched_on=form.get("on") == "1")
    percent = form.get("control", "").strip()
    if percent.isascii() and percent.isdigit() and int(percent[:4]) <= MOST_CONTROL:
        found.control_percent = int(percent)
    else:
        found.problems["control"] = _("Write a whole number from 0 to %(most)s.", most=MOST_CONTROL)
    for knob in all_knobs(flow):
        value = _value(form.get(knob.name, "").strip()[:40], knob, currency)
        if value is None or not knob.least <= value <= knob.most:
            found.problems[knob.name] = _hint(knob, currency)
        else:
            found.knobs[knob.name] = value
    return found


def shown(knob: Knob, value: int, *, currency: str) -> str:
    """A setting as it stands in its field, e.g. `90 min`, `3 d`, `250.00`."""
    match knob.unit:
        case "minutes":
            for unit in ("d", "h"):
                if value and value % _MINUTES[unit] == 0:
                    return f"{value // _MINUTES[unit]} {unit}"
            return f"{value} min"
        case "money":
            digits = get_currency_precision(currency)
            return f"{Decimal(value).scaleb(-digits):.{digits}f}"
        case _:
            return str(value)


def change(session: Session, flow: Flow, read: Read, *, by: str, now: datetime) -> list[str]:
    """Write what was read, in the caller's transaction; says what changed, in words for the audit."""
    setting = setting_of(session, flow)
    defaults = {knob.name: knob.default for knob in all_knobs(flow)}
    before = {name: int(setting.knobs.get(name, default)) for name, default in defaults.items()}
    changes = []
    if setting.switched_on != read.switched_on:
        changes.append("on" if read.switched_on else "off")
    if setting.control_percent != read.control_percent:
        changes.append(f"control group {setting.control_percent} → {read.control_percent} %")
        setting.control_since = now
    changes += [f"{name} {before[name]} → {value}" for name, value in read.knobs.items() if before[name] != value]
    if changes:
        setting.switched_on, setting.control_percent = read.switched_on, read.control_percent
        setting.knobs = {name: value for name, value in read.knobs.items() if defaults[name] != value}
        setting.changed_at, setting.changed_by = now, by[:100]
    return changes


def _value(text: str, knob: Knob, currency: str) -> int | None:
    if knob.unit == "minutes":
        match = _SPAN.fullmatch(text)
        return int(match[1]) * _MINUTES[match[2]] if match else None
    if knob.unit == "money":
        try:
            minor = Decimal(text).scaleb(get_currency_precision(currency))
        except InvalidOperation:
            return None
        return int(minor) if minor.is_finite() and minor == minor.to_integral_value() else None
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def _hint(knob: Knob, currency: str) -> str:
    least, most = (shown(knob, value, currency=currency) for value in (knob.least, knob.most))
    if knob.unit == "minutes":
        return _("Write a time like 90 min, 4 h or 3 d, from %(least)s to %(most)s.", least=least, most=most)
    if knob.unit == "money":
        return _("Write an amount like 250.00, from %(least)s to %(most)s.", least=least, most=most)
    return _("Write a whole number from %(least)s to %(most)s.", least=least, most=most)
