"""Serial numbers of the pieces in a parcel, as a packer scans them: one a line, or with commas between."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping

from ..wording import gettext as _

SHORTEST, LONGEST = 3, 64
SerialNumbers = Mapping[int, tuple[str, ...]]
"""By product, those of the pieces in a parcel."""


class WrongSerials(Exception):
    """What was typed can't be the serial numbers of these pieces; the message says why."""


def read_serials(form: Mapping[str, str], prefix: str = "serials-") -> dict[int, tuple[str, ...]]:
    """The fields `serials-<product id>`; those that are empty are left out.

    Raises:
        WrongSerials: for a number that can't be one, or one that is there twice.
    """
    found = {}
    for name, value in form.items():
        key = name.removeprefix(prefix)
        if key == name or not value.strip():
            continue
        if not (key.isascii() and key.isdigit() and len(key) <= 9):
            raise WrongSerials(_("There is no such product."))
        found[int(key)] = tuple(one.strip() for one in re.split(r"[\n\r,;\t]+", value) if one.strip())
        _check(found[int(key)])
    return found


def check_pieces(
    serials: SerialNumbers,
    pieces: Mapping[int, int],
    *,
    numbered: Mapping[int, str],
    unreadable: bool,
) -> None:
    """See that each piece that has a number got one.

    Args:
        pieces: what is in the parcel.
        numbered: the products whose pieces have serial numbers, with their names.
        unreadable: the packer said that some can't be read.

    Raises:
        WrongSerials: more numbers than pieces; fewer, where nobody said why; of a product that has none.
    """
    for product_id, numbers in serials.items():
        if product_id not in numbered:
            raise WrongSerials(_("Pieces of this product have no serial numbers."))
        if len(numbers) > pieces.get(product_id, 0):
            words = _("%(name)s: %(typed)d serial numbers for %(pieces)d pieces.", name=numbered[product_id],
                      typed=len(numbers), pieces=pieces.get(product_id, 0))  # fmt: skip
            raise WrongSerials(words)
    for product_id, name in numbered.items():
        missing = pieces.get(product_id, 0) - len(serials.get(product_id, ()))
        if missing > 0 and not unreadable:
            words = _("%(name)s: %(missing)d serial numbers are missing. Scan them, or tick that they can't be read.",
                      name=name, missing=missing)  # fmt: skip
            raise WrongSerials(words)


def check_leaves_once(serials: SerialNumbers, sent: Iterable[tuple[int, Collection[str]]]) -> None:
    """See that no piece is in one of the order's other parcels.

    Args:
        sent: products with the numbers that left, parcel by parcel; read under the order's lock.

    Raises:
        WrongSerials: one was sent before.
    """
    before = {(product_id, _folded(number)) for product_id, numbers in sent for number in numbers}
    for product_id, numbers in serials.items():
        for number in numbers:
            if (product_id, _folded(number)) in before:
                words = _("The serial number %(number)s is in another parcel of this order.", number=number)
                raise WrongSerials(words)


def _check(numbers: tuple[str, ...]) -> None:
    seen: set[str] = set()
    for number in numbers:
        folded = _folded(number)
        if not (SHORTEST <= len(folded) <= LONGEST and len(number) <= LONGEST and number.isprintable()):
            words = _("“%(number)s” is no serial number: it has 3 to 64 letters and digits.", number=number[:70])
            raise WrongSerials(words)
        if folded in seen:
            raise WrongSerials(_("The serial number %(number)s is there twice.", number=number))
        seen.add(folded)


def _folded(number: str) -> str:
    """As it is compared: letters and digits alone."""
    return "".join(one for one in unicodedata.normalize("NFKC", number).upper() if one.isalnum())
