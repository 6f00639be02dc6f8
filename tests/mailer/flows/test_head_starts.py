"""New arrivals reach whom the shop tells first, and everybody else so many days later."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from mailer.consent import Topic
from mailer.contacts import Contact
from mailer.flows.arrivals import Arrivals
from mailer.flows.entry import FlowEntry
from mailer.flows.goods import Arrived, NoGoods
from mailer.waitlists import Kind, ask
from tests.mailer.flows.town import Town

ADDED = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


@dataclass
class Novelty(NoGoods):
    """A single new kite, of which `first` hears `days` days before others."""

    first: int = 0
    days: int = 0

    def arrivals(self, *, since: datetime, until: datetime) -> Sequence[Arrived]:
        new = Arrived(product_id="k", brand="Kiteland", category="", added_at=ADDED)
        return [new] if since < ADDED <= until else []

    def head_starts(self, session: Session, customer_ids: Collection[int]) -> tuple[int, Mapping[int, int]]:
        return self.days, {one: self.days for one in customer_ids if one == self.first}


def heard(sessions: sessionmaker[Session], *, days: int) -> dict[str, int]:
    """On which day after its arrival each of two followers entered the flow."""
    town = Town(sessions, [Arrivals()], ADDED)
    ada, eve = town.person("ada", Topic.ARRIVALS), town.person("eve", Topic.ARRIVALS)
    with sessions.begin() as session:
        for contact in session.scalars(select(Contact)):
            ask(session, contact_id=contact.id, kind=Kind.BRAND, subject="Kiteland", proved=True, now=ADDED)
    town.shop.goods = Novelty(first=ada, days=days)
    town.wait(hours=1)
    for _day in range(20):
        town.wait(days=1)
    with sessions() as session:
        entered = {one.customer_id: (one.entered_at - ADDED).days for one in session.scalars(select(FlowEntry))}
    return {"ada": entered[ada], "eve": entered[eve]}


@pytest.mark.parametrize(("days", "later"), [(0, 0), (3, 3), (14, 14)])
def test_everybody_hears_in_their_turn(sessions: sessionmaker[Session], days: int, later: int) -> None:
    assert heard(sessions, days=days) == {"ada": 0, "eve": later}
