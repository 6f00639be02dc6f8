"""Of which order the desk may speak to whom: naming a number opens nothing, whatever was answered to it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from ecrm.installation import Installation
from ecrm.service.cases import Case
from ecrm.service.contact import Question, ask
from ecrm.service.matter_facts import facts_of
from ecrm.service.replying import answer
from mailer.outbox import Email
from tracking.orders import SeenOrder

from .desk import MIA, NOW, cases_of, come_in, go_out, known, letter, ready

ORDER = "K-1234"


@pytest.fixture
def plugin(plugin: Installation) -> Installation:
    """Ada's order; somebody else knows its number."""
    ready(plugin)
    ada = known(plugin)
    with plugin.sessions.begin() as session:
        session.add(
            SeenOrder(reference=ORDER, customer_id=ada, placed_at=NOW, currency="EUR", goods_minor=100, total_minor=100)
        )
    return plugin


def spoken_of(plugin: Installation, case: Case) -> bool:
    with plugin.sessions() as session, plugin.app.test_request_context():
        return facts_of(session, plugin.storefront, session.merge(case), now=NOW).order is not None


def test_a_number_guessed_in_the_form_is_no_key_to_the_order_after_its_acknowledgement(plugin: Installation) -> None:
    question = Question(email="eve@evil.example", words="Where is it?", kind="question", order=ORDER)
    with plugin.app.test_request_context(), plugin.sessions.begin() as session:
        ask(plugin, session, question, now=NOW)
    assert len(go_out(plugin)) == 1
    (case,) = cases_of(plugin)
    assert (case.order_reference, spoken_of(plugin, case)) == (ORDER, False)


def test_an_answer_in_copy_is_no_key_to_the_order_it_speaks_of(plugin: Installation) -> None:
    come_in(plugin, letter(f"Where is {ORDER}?", Cc="eve@evil.example"))
    (mine,) = cases_of(plugin)
    assert (mine.order_reference, spoken_of(plugin, mine)) == (ORDER, True)
    with plugin.sessions.begin() as session, plugin.app.app_context():
        answer(plugin, session, session.merge(mine), "It comes.", by=MIA, now=NOW, copies=("eve@evil.example",))
    assert len(go_out(plugin)) == 3
    with plugin.sessions() as session:
        known_by = {one.to_address: one.order_reference for one in session.scalars(select(Email))}
    assert known_by == {"ada@example.net": ORDER, "eve@evil.example": None}
    come_in(plugin, letter(f"What about {ORDER}?", sender="eve@evil.example", subject="Another"))
    _mine, hers = cases_of(plugin)
    assert (hers.customer_id, hers.order_reference, spoken_of(plugin, hers)) == (None, "", False)
