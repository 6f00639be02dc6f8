"""All kinds of conditions, in the order in which the editor offers them."""

from __future__ import annotations

from . import by_mail, by_orders, by_person, by_service, by_visits
from .kind import Kind as Kind

ALL: tuple[Kind, ...] = (*by_orders.KINDS, *by_visits.KINDS, *by_person.KINDS, *by_mail.KINDS, *by_service.KINDS)
KINDS: dict[str, Kind] = {kind.name: kind for kind in ALL}
