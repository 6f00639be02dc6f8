"""Serial numbers as they are compared: the same one however it is read from a label or over the telephone."""

from __future__ import annotations

import unicodedata

SHORTEST, LONGEST = 3, 64


class BadSerial(ValueError):
    """It can't be a serial number."""


def fold_serial(number: str) -> str:
    """Letters and digits alone, in capitals: what is read from a label or over the phone loses its dashes and case.

    Raises:
        BadSerial: where too little or too much is left.
    """
    found = "".join(one for one in unicodedata.normalize("NFKC", number).upper() if one.isalnum())
    if not SHORTEST <= len(found) <= LONGEST:
        raise BadSerial(number)
    return found
