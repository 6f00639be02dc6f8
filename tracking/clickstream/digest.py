"""Digest: the inbox becomes events, exactly once: an entry is taken away in the transaction that stores its events."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from .sightings import Sighting, storable


def _plain(value: Any) -> Any:
    """For what JSON doesn't know: `Sighting`'s empty properties."""
    if isinstance(value, MappingProxyType):
        return dict(value)
    raise TypeError(f"{type(value).__name__} can't be kept as JSON; give text, numbers, lists and objects")


_encoder = msgspec.json.Encoder(enc_hook=_plain)
_decoder = msgspec.json.Decoder(list[Sighting])


def body_of(sightings: Sequence[Sighting]) -> bytes:
    """An inbox entry's body: a JSON array of sightings, each an array of its fields in order.

    Raises:
        TypeError: for a property that JSON doesn't know.
    """
    try:
        return _encoder.encode(sightings)
    except UnicodeEncodeError:  # a lone surrogate, which no database takes
        return _encoder.encode([_cleaned(sighting) for sighting in sightings])


def sightings_from(body: bytes) -> list[Sighting]:
    """What `body_of` was given; fields that came later than the body have their defaults.

    Raises:
        msgspec.MsgspecError: where the body is something else.
    """
    return _decoder.decode(body)


def _cleaned(sighting: Sighting) -> Sighting:
    return Sighting(*(storable(value) if isinstance(value, str | dict) else value for value in sighting))
