"""Which carrier a tracking number belongs to, by its shape and its check digit.

UPS, FedEx, USPS, DHL Express and the postal S10 numbers (UPU S10: two letters, nine digits, the country) are known to
the library `tracking-numbers`. The table below adds Europe's carriers. Its sources:

- check digits of DHL (20 and 12 digits) and Hermes (14): paketda.de/firmenkunden/paket-pruefziffern.html; the 20 digits
  are an SSCC of GS1's General Specifications. What that page says of DPD's 14 digits is not so in its own sample;
- the letter or digit that DPD prints after its 14: ISO 7064, MOD 37,36, which the public samples keep to;
- letters in front of DHL's numbers: dhl.com/cz-en/home/tracking/id-labels.html.

Of GLS and Evri no public description of a check digit was found: their numbers are told by their shape alone, and
come last. A number may fit several carriers; then all are answered, the surest first.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import tracking_numbers

NAMES = {
    "dhl": "DHL", "dpd": "DPD", "evri": "Evri", "fedex": "FedEx", "gls": "GLS", "hermes": "Hermes",
    "royal-mail": "Royal Mail", "ups": "UPS", "usps": "USPS",
}  # fmt: skip
"""The codes that `candidates` answers, and what people call them."""

_S10_CARRIERS = {"GB": "royal-mail", "US": "usps", "DE": "dhl"}
"""Whose national post is a carrier of ours. Deutsche Post's registered parcels are DHL's."""


def tidied(number: str) -> str:
    """As it is scanned: upper case, without blanks."""
    return re.sub(r"\s+", "", number).upper()


def candidates(number: str) -> tuple[str, ...]:
    """Codes of the carriers that a number may belong to, the surest first; none where it isn't recognised.

    A prefix that nobody else uses comes first, then what has the right check digit, then what has only the shape.
    """
    text = tidied(number)
    if not re.fullmatch(r"[A-Z0-9]{8,40}", text, re.ASCII):
        return ()
    sure = [shape.carrier for shape in _SHAPES if shape.sure and shape.fits(text)]
    checked = [shape.carrier for shape in _SHAPES if shape.check and not shape.sure and shape.fits(text)]
    vague = [shape.carrier for shape in _SHAPES if not shape.check and not shape.sure and shape.fits(text)]
    return tuple(dict.fromkeys([*sure, *_by_library(text), *checked, *vague]))


def carrier_of(number: str) -> str:
    """The one carrier that a number belongs to; empty where none or several may be meant."""
    found = candidates(number)
    return found[0] if len(found) == 1 else ""


def _by_library(text: str) -> list[str]:
    found = []
    for definition in tracking_numbers.DEFINITIONS:
        match = definition.test(text)
        if match is None or match.validation_errors:
            continue
        code = _S10_CARRIERS.get(text[-2:], "") if match.courier.code == "s10" else match.courier.code
        if code in NAMES:
            found.append(code)
    return found


def _alternating(first: int, second: int) -> Callable[[str], bool]:
    """Modulo 10 of digits that weigh `first`, `second`, `first` …; the last digit makes the sum a multiple of ten."""

    def check(text: str) -> bool:
        weights = (first, second)
        total = sum(int(digit) * weights[place % 2] for place, digit in enumerate(text[:-1]))
        return (total + int(text[-1])) % 10 == 0

    return check


def _mod_37_36(text: str) -> bool:
    """ISO 7064, hybrid system MOD 37,36: the last character checks the others."""
    signs = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    carried = 36
    for sign in text[:-1]:
        carried = ((carried + signs.index(sign)) % 36 or 36) * 2 % 37
    return signs[(37 - carried) % 36] == text[-1]


@dataclass(frozen=True)
class _Shape:
    """`sure`: a prefix that nobody else uses."""

    carrier: str
    pattern: re.Pattern[str]
    check: Callable[[str], bool] | None = None
    sure: bool = False

    def fits(self, text: str) -> bool:
        return self.pattern.fullmatch(text) is not None and (self.check is None or self.check(text))


_SHAPES = (
    _Shape("dhl", re.compile(r"0034043[0-9]{13}"), _alternating(3, 1), sure=True),  # Deutsche Post's GS1 prefix
    _Shape("dhl", re.compile(r"(JJD|JVGL|JD0)[0-9]{8,24}"), sure=True),
    _Shape("hermes", re.compile(r"H[0-9]{19}"), sure=True),
    _Shape("dhl", re.compile(r"[0-9]{12}"), _alternating(4, 9)),
    _Shape("dpd", re.compile(r"[0-9]{14}[0-9A-Z]"), _mod_37_36),
    _Shape("hermes", re.compile(r"[0-9]{14}"), _alternating(3, 1)),
    _Shape("dpd", re.compile(r"[0-9]{14}")),
    _Shape("gls", re.compile(r"[0-9]{11,12}")),
    _Shape("gls", re.compile(r"(?=.*[A-Z])(?=.*[0-9])[A-Z0-9]{8}")),
    _Shape("evri", re.compile(r"(T00|H0)[A-Z0-9]{13,14}")),
    _Shape("dhl", re.compile(r"3S[A-Z0-9]{10,14}")),
)
