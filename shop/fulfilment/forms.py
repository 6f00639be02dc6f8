"""The packer's form: carrier and tracking number, the few variables that a parcel needs."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..wording import gettext as _
from .carriers import is_carrier

_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9./-]{3,63}", re.ASCII)


def read_parcel(form: Mapping[str, str]) -> tuple[str, str, dict[str, str]]:
    """Carrier, tracking number (upper case, without spaces: as it is scanned), and one message a wrong field."""
    carrier = form.get("carrier", "").strip()
    number = re.sub(r"\s+", "", form.get("tracking_number", "")).upper()
    errors: dict[str, str] = {}
    if not is_carrier(carrier):
        errors["carrier"] = _("Please choose a carrier from the list.")
    if not _NUMBER.fullmatch(number):
        errors["tracking_number"] = _("4 to 64 letters and digits, as printed on the label.")
    return carrier, number, errors
