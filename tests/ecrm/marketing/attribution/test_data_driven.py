"""The data-driven model: removal effects on paths whose answer is known by hand, and what it does with too little."""

from __future__ import annotations

from datetime import date

import pytest

from ecrm.marketing.attribution.credits import MILLION
from ecrm.marketing.attribution.data_driven import ENOUGH, learn, learnt, removal_weights
from ecrm.marketing.attribution.models import Model

from .town import NOON, RULES, Town


def test_the_removal_effects_of_a_worked_example() -> None:
    """Two of three start at search. From search half go on to e-mail, from e-mail two thirds order.

    Chance of an order: x(email) = 2/3; x(search) = 1/2 · 2/3 + 1/4 = 7/12.
    """
    converting = {("search", "email"): 1, ("search",): 1, ("email",): 1}
    ending = {("search",): 1, ("search", "email"): 1}
    # counts: start→search 4, start→email 1; search→email 2, search→order 1, search→nothing 1; email→order 2, →nothing 1
    whole = 4 / 5 * (1 / 2 * 2 / 3 + 1 / 4) + 1 / 5 * 2 / 3
    without_search, without_email = 1 / 5 * 2 / 3, 4 / 5 * 1 / 4
    effects = {"search": 1 - without_search / whole, "email": 1 - without_email / whole}
    found = removal_weights(converting, ending)
    assert sum(found.values()) == MILLION
    for channel, effect in effects.items():
        assert found[channel] == pytest.approx(effect / sum(effects.values()) * MILLION, abs=1)


def test_a_channel_that_never_leads_anywhere_is_worth_nothing() -> None:
    found = removal_weights({("email",): 10}, {("display",): 90})
    assert found == {"display": 0, "email": MILLION}


def test_channels_that_go_round_in_circles_have_an_answer() -> None:
    found = removal_weights({("email", "email", "email", "social"): 5}, {("social", "social", "email"): 3})
    assert sum(found.values()) == MILLION


def test_with_too_few_orders_nothing_is_learnt_and_it_says_from_how_many(town: Town) -> None:
    ada = town.customer()
    town.visit(town.browser_of(ada), 2, "email")
    town.book(town.order(ada))
    found = learn(town.session, today=NOON.date(), rules=RULES)
    assert (found.enough, found.paths, found.on) == (False, 1, date(2026, 11, 20))
    assert learnt(town.session) == found


def test_it_learns_from_credited_paths_and_those_that_led_to_nothing(town: Town) -> None:
    for number in range(ENOUGH):
        person = town.customer()
        town.visit(town.browser_of(person), 2, "display", *(["email"] if number % 2 else []))
        town.book(town.order(person))
    for _ in range(50):
        town.visit(town.browser(), 2, "display")
    found = learn(town.session, today=NOON.date(), rules=RULES)
    assert (found.enough, found.paths) == (True, ENOUGH)
    # without e-mail the half of the paths that end there are lost, without display all
    assert found.weights["display"] > found.weights["email"] > 0
    ada = town.customer()
    town.visit(town.browser_of(ada), 2, "display", "email")
    order = town.order(ada)
    town.book(order)
    shares = town.credits(Model.DATA_DRIVEN, order=order)
    assert shares["display"] == round(10_000 * found.weights["display"] / MILLION)
    assert shares["email"] + shares["display"] == 10_000


def test_before_anything_was_learnt_there_is_nothing(town: Town) -> None:
    assert learnt(town.session).on is None
    assert not learnt(town.session).enough
