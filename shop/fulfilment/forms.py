"""The packer's form: tracking number, carrier where the number doesn't say it, and the pieces in the parcel."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..hooks import can_tell_carriers, carriers_of
from ..wording import gettext as _
from .carriers import carrier_name, is_carrier
from .serial_numbers import WrongSerials, read_serials

_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9./-]{3,63}", re.ASCII)
MOST_PIECES = 100_000


@dataclass
class ParcelAnswers:
    """What was typed: `number` in upper case without spaces, as it is scanned; `pieces` by product, None = all that is
    left; `serials` by product; one message a wrong field in `errors`, those about pieces under `pieces`."""

    carrier: str
    number: str
    pieces: dict[int, int] | None
    errors: dict[str, str] = field(default_factory=dict)
    serials: dict[int, tuple[str, ...]] = field(default_factory=dict)
    unreadable: bool = False


def read_parcel(form: Mapping[str, str]) -> ParcelAnswers:
    """The fields `carrier` (empty = by the number), `tracking_number`, `send-<product id>`, `serials-<product id>` and
    `unreadable` (1: some serial numbers can't be read)."""
    number = re.sub(r"\s+", "", form.get("tracking_number", "")).upper()
    errors: dict[str, str] = {}
    if not is_number(number):
        errors["tracking_number"] = _("4 to 64 letters and digits, as printed on the label.")
    carrier, problem = carrier_for(form.get("carrier", "").strip(), number)
    if problem and ("tracking_number" not in errors or not can_tell_carriers()):
        errors["carrier"] = problem
    pieces, problem = _pieces(form)
    if problem:
        errors["pieces"] = problem
    serials: dict[int, tuple[str, ...]] = {}
    try:
        serials = read_serials(form)
    except WrongSerials as wrong:
        errors["serials"] = str(wrong)
    return ParcelAnswers(carrier, number, pieces, errors, serials, form.get("unreadable") == "1")


def is_number(text: str) -> bool:
    """Whether a tracking number, tidied, can be one."""
    return _NUMBER.fullmatch(text) is not None


def carrier_for(code: str, number: str) -> tuple[str, str]:
    """The carrier that was chosen, or else the one that the number belongs to; or what staff have to do about it.

    Returns:
        Its code, and a message; where several may be meant, the surest one with a message.
    """
    if code:
        return (code, "") if is_carrier(code) else ("", _("Please choose a carrier from the list."))
    found = [one for one in carriers_of(number) if is_carrier(one)]
    if len(found) == 1:
        return found[0], ""
    if found:
        names = _(" or ").join(carrier_name(one) for one in found)
        return found[0], _("This number may be of %(carriers)s: choose which.", carriers=names)
    if can_tell_carriers():
        return "", _("The carrier can't be told from this number: choose it.")
    return "", _("Please choose a carrier from the list.")


def _pieces(form: Mapping[str, str]) -> tuple[dict[int, int] | None, str]:
    """None without any such field: a form that doesn't ask sends all."""
    pieces: dict[int, int] = {}
    asked = [(name.removeprefix("send-"), value.strip()) for name, value in form.items() if name.startswith("send-")]
    for key, value in asked:
        if not all(text.isascii() and text.isdigit() and len(text) <= 9 for text in (key, value or "0")):
            return None, _("Pieces must be whole numbers.")
        pieces[int(key)] = int(value or "0")
    return (pieces if asked else None), ""
