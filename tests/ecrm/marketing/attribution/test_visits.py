"""The visits of many customers are those that `tracking.identity` names for each of them."""

from __future__ import annotations

import random
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from ecrm.marketing.attribution.visits import visits_of_many
from tracking.identity import change_claim, visits_of
from tracking.visitors import VisitorClaim

from .town import NOON, Town


def test_asked_for_many_it_is_what_it_is_asked_for_one(town: Town, session: Session) -> None:
    chance = random.Random(7)
    people = [town.customer(browser=False) for _ in range(12)]
    for _ in range(25):
        browser = town.browser(*chance.sample(people, chance.choice([0, 1, 1, 1, 2])), claimed=chance.uniform(0, 40))
        for _ in range(6):
            signed_in = chance.choice([None, None, None, chance.choice(people)])
            town.visit(browser, chance.uniform(0, 60), customer=signed_in, grade=chance.choice([1, 2, 2]))
    for claim_id in session.scalars(select(VisitorClaim.id)).all():
        if chance.random() < 0.3:
            change_claim(session, claim_id, stands=False, by="Olga", reason="", at=NOON)
            if chance.random() < 0.3:
                change_claim(session, claim_id, stands=True, by="Olga", reason="", at=NOON)
    window, since, until = timedelta(days=30), NOON - timedelta(days=45), NOON - timedelta(days=1)
    many = visits_of_many(session, people, window=window, since=since, until=until)
    counts = 0
    for person in people:
        one = set(session.scalars(visits_of(session, person, window=window, since=since, until=until)))
        assert {visit.id for visit in many.get(person, [])} == one
        counts += len(one)
    assert counts > 20
