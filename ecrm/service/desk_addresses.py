"""The addresses at which people write to the desk (`ECRM_DESK_ADDRESSES`), and the teams that have them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ecrm.storefront import ShopFacts
from mailer.addressing import BadHeader, Mailbox, as_name
from tracking.email_address import fold

from .teams import Team


@dataclass(frozen=True)
class DeskAddress:
    """`folded` without a `+tag`; `team` is a team's name, empty for whichever the rules choose."""

    address: str
    folded: str
    team: str


def desk_addresses(config: Mapping[str, Any]) -> tuple[DeskAddress, ...]:
    """As they are configured: `support@example.com`, or `returns@example.com=Returns` for a team of this name.

    Raises:
        ValueError: for what is no address.
    """
    found = []
    for one in config["ECRM_DESK_ADDRESSES"]:
        address, _, team = one.partition("=")
        try:
            found.append(DeskAddress(Mailbox("", address.strip()).address, bare(address), team.strip()))
        except BadHeader as error:
            raise ValueError(f"ECRM_DESK_ADDRESSES: {error}") from None
    return tuple(found)


def bare(address: str) -> str:
    """The address folded and without its `+tag` (RFC 5233), as mail servers hand several names to one mailbox."""
    local, at, domain = fold(address).rpartition("@")
    return f"{local.partition('+')[0]}{at}{domain}"


def addressed(known: Collection[DeskAddress], named: Collection[str]) -> DeskAddress | None:
    """The first of our addresses among those that a message names."""
    folded = [bare(one) for one in named if one]
    return next((one for name in folded for one in known if one.folded == name), None)


def team_of(session: Session, address: DeskAddress | None) -> int | None:
    """The team that has an address; None where the rules are to choose, or no team is called so."""
    if address is None or not address.team:
        return None
    return session.scalar(select(Team.id).where(Team.name == address.team, Team.archived_at.is_(None)))


def sender_of(session: Session, config: Mapping[str, Any], facts: ShopFacts, *, team_id: int | None) -> Mailbox:
    """From whom letters about a case come: its team's own address, the desk's first one, or the shop's."""
    known = desk_addresses(config)
    name = session.scalar(select(Team.name).where(Team.id == team_id)) if team_id is not None else None
    own = next((one for one in known if name and one.team == name), known[0] if known else None)
    return Mailbox(as_name(facts.name), own.address if own else facts.sender)


def own_addresses(config: Mapping[str, Any], facts: ShopFacts) -> frozenset[str]:
    """All addresses that we write from, folded: what comes from there is a loop."""
    return frozenset({fold(facts.sender), *(fold(one.address) for one in desk_addresses(config))})
