"""A row of the table of routes, and the roles that it may name."""

from __future__ import annotations

from dataclasses import dataclass, field

STAFF = frozenset({"owner", "marketer", "analyst", "support", "packer", "catalogue"})
SIGNED_IN = STAFF | {"customer", "other_customer"}
EVERYBODY = SIGNED_IN | {"anonymous"}
ITS_CUSTOMER = frozenset({"customer"})
"""The example address and order belong to `customer`; not even staff see them here (they have the staff area)."""


@dataclass(frozen=True)
class Row:
    """Who is let in, and with what the route is called.

    `fresh` calls it with a browser of its own, since it signs in or out; `last` after the others, since it takes an
    example away. `answers` is the one status that everybody gets, where that looks like a refusal and is none.
    """

    allowed: frozenset[str]
    args: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    fresh: bool = False
    last: bool = False
    answers: int | None = None


def staff(*roles: str) -> frozenset[str]:
    """The owner, and these."""
    return frozenset({"owner", *roles})
