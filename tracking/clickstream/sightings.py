"""Sighting: a step as the request saw it, before anything was stored; and what of it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from tracking.visitors import Grade

from .bots import is_bot


class Sighting(NamedTuple):
    """One step of a browser or app. `referrer` is empty for pages of the shop itself; `path` has no query string.

    `visitor_token` and `customer_reference` count only as far as `grade` allows, and whoever makes a sighting has
    found them believable. A tuple, as a request makes two or three of them: a frozen dataclass takes three times as
    long. The inbox holds sightings as JSON arrays, so new fields come at the end and have a default.
    """

    at: datetime
    name: str
    subject: str = ""
    properties: Mapping[str, Any] = MappingProxyType({})
    visitor_token: str | None = None
    grade: Grade = Grade.NONE
    customer_reference: str | None = None
    user_agent: str = ""
    referrer: str = ""
    path: str = ""
    message_id: str | None = None  # the client's; None where the plugin itself saw the step and nobody can repeat it
    country: str = ""  # two letters
    machine: bool | None = None  # whether a machine did it, where that isn't for `user_agent` to say (servers' SDKs)

    @property
    def token(self) -> str | None:
        """The visitor's token where the grade allows to keep it."""
        return self.visitor_token if self.grade >= Grade.ANALYTICS else None

    @property
    def customer(self) -> str | None:
        """The customer's reference where the grade allows to join it."""
        return self.customer_reference if self.grade >= Grade.PERSONAL else None

    @property
    def counts(self) -> bool:
        """False for the further pages of a search's results, which are no search of their own."""
        return self.name != "Products Searched" or self.properties.get("first_position", 1) == 1

    @property
    def of_a_bot(self) -> bool:
        """Machines are counted apart and leave no other trace."""
        return is_bot(self.user_agent) if self.machine is None else self.machine


def storable(value: Any) -> Any:
    """A JSON-ready value without what a database refuses in text: NUL and lone surrogates."""
    if isinstance(value, str):
        if value.isascii() and "\x00" not in value:
            return value
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {storable(str(key)): storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value
