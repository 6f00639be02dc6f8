"""Experiments on a page: the control group's slot stays empty, both groups are noted, and nobody else takes part."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from ecrm import CustomerFacts
from ecrm.collector.write_keys import create
from ecrm.installation import Installation
from ecrm.marketing.arms import arm_of
from ecrm.marketing.experiments import Exposure, Unit, is_control, start, stop
from ecrm.trials import Trials, trial_of
from tests.ecrm.slots_host import FIREFOX, GardenShop, customer
from tracking.clickstream.event import Event

HOME = '{{ crm.recommendations("home", n=3) }}'
BOTH = HOME + '{{ crm.recommendations("order", n=3) }}'


def begin(plugin: Installation, unit: Unit = Unit.VISITOR, percent: int = 50) -> tuple[int, str]:
    with plugin.sessions.begin() as session:
        row = start(
            session, name="Home", subject="placement:home", unit=unit, control_percent=percent, by="",
            now=datetime.now(UTC),
        )  # fmt: skip
        trials: Trials = plugin.app.extensions["ecrm_trials"]
        trials.forget()
        return row.id, row.salt


def browser(host: Flask, consent: str, token: str = "") -> FlaskClient:
    client = host.test_client()
    client.environ_base["HTTP_USER_AGENT"] = FIREFOX
    client.set_cookie("ecrm_consent", consent)
    if token:
        client.set_cookie("ecrm_visitor", token)
    return client


def sees(client: FlaskClient, page: str = HOME) -> bool:
    return "ecrm-strip" in client.get("/", query_string={"page": page}).text


def exposures(plugin: Installation) -> list[Exposure]:
    assert plugin.writer.flush()
    with plugin.sessions() as session:
        return list(session.scalars(select(Exposure)))


def test_the_control_group_sees_nothing_and_both_groups_are_noted_once(host: Flask, plugin: Installation) -> None:
    _id, salt = begin(plugin)
    tokens = [f"{number:032x}" for number in range(40)]
    seen = {token: [sees(browser(host, "1", token)) for _time in range(3)] for token in tokens}
    assert seen == {token: [not is_control(salt, token, 50)] * 3 for token in tokens}
    kept = exposures(plugin)
    assert len(kept) == 40
    assert sum(one.control for one in kept) == sum(is_control(salt, token, 50) for token in tokens)
    with plugin.sessions() as session:
        steps = session.scalars(select(Event).where(Event.name == "Experiment Viewed")).all()
    assert len(steps) == 40, "said once, not on each page"
    assert {step.properties["variation_id"] for step in steps} == {"control", "treated"}


def test_a_first_visit_is_in_the_group_in_which_it_stays(host: Flask, plugin: Installation) -> None:
    begin(plugin)
    for _visitor in range(12):
        client = browser(host, "1")
        assert len({sees(client) for _page in range(3)}) == 1
    assert len(exposures(plugin)) == 12


def test_who_agreed_to_nothing_takes_no_part(host: Flask, plugin: Installation) -> None:
    begin(plugin, percent=90)
    assert all(sees(browser(host, "0")) for _time in range(20))
    assert exposures(plugin) == []


def test_other_placements_of_the_page_stay_and_may_show_the_same(host: Flask, plugin: Installation) -> None:
    _id, salt = begin(plugin, percent=90)
    token = next(f"{number:032x}" for number in range(99) if is_control(salt, f"{number:032x}", 90))
    without = browser(host, "1", token).get("/", query_string={"page": BOTH}).text
    assert without.count('class="ecrm-strip"') == 1
    assert "/rake" in without, "what the empty slot would have shown isn't taken from the other one"


def test_nobody_is_noted_where_there_was_nothing_to_show(host: Flask, plugin: Installation, shop: GardenShop) -> None:
    begin(plugin)
    shop.best = []
    assert not sees(browser(host, "1", "a" * 32))
    assert exposures(plugin) == []


def test_customers_take_part_where_they_are_signed_in_and_agreed_to_be_known(
    host: Flask, plugin: Installation, shop: GardenShop
) -> None:
    _id, salt = begin(plugin, Unit.CUSTOMER)
    with plugin.sessions.begin() as session:
        ids = {f"c{number}": customer(session, f"c{number}") for number in range(12)}
    assert sees(browser(host, "2", "f" * 32)), "nobody is signed in"
    for name, id_ in ids.items():
        shop.customer = CustomerFacts(customer_id=name, email=f"{name}@example.com", first_name=name)
        assert sees(browser(host, "1", "e" * 32)), "statistics alone"
        for token in ("c" * 32, "d" * 32):  # the same on each device
            assert sees(browser(host, "2", token)) is not is_control(salt, str(id_), 50)
    assert {one.unit_id for one in exposures(plugin)} == set(ids.values())


def test_a_prefetch_is_no_exposure_but_the_page_that_follows_is(host: Flask, plugin: Installation) -> None:
    begin(plugin)
    client = browser(host, "1", "a" * 32)
    client.get("/", query_string={"page": HOME}, headers={"Sec-Purpose": "prefetch"})
    assert exposures(plugin) == []
    sees(client)
    assert len(exposures(plugin)) == 1


def test_after_the_end_everybody_sees_it_and_nobody_is_noted(host: Flask, plugin: Installation) -> None:
    experiment_id, _salt = begin(plugin, percent=90)
    with plugin.sessions.begin() as session:
        stop(session, experiment_id, now=datetime.now(UTC))
    plugin.app.extensions["ecrm_trials"].forget()
    assert all(sees(browser(host, "1", f"{number:032x}")) for number in range(20))
    assert exposures(plugin) == []


def test_a_client_of_the_collector_makes_no_exposure_of_ours(host: Flask, plugin: Installation) -> None:
    experiment_id, _salt = begin(plugin)
    with plugin.sessions.begin() as session:
        _row, key = create(session, name="Till", kind="server", by="", now=datetime.now(UTC))
    message = {"event": "Experiment Viewed", "anonymousId": "a" * 32, "properties": {"experiment_id": experiment_id}}
    assert browser(host, "1", "a" * 32).post("/v1/track", json=message, auth=(key, "")).status_code == 200
    plugin.writer.digest_soon()
    assert exposures(plugin) == []


def test_a_visitor_gets_the_strategy_of_their_arm_and_the_links_say_which(host: Flask, plugin: Installation) -> None:
    arms = {"learnt": 50, "popular": 50}
    with plugin.sessions.begin() as session:
        row = start(
            session, name="Which?", subject="placement:home", unit=Unit.VISITOR, control_percent=0, by="",
            now=datetime.now(UTC), arms=arms,
        )  # fmt: skip
        salt = row.salt
    plugin.app.extensions["ecrm_trials"].forget()
    tokens = [f"{number:032x}" for number in range(20)]
    assert all(sees(browser(host, "1", token)) for token in tokens), "nobody goes without"
    with host.test_request_context("/", headers={"Cookie": f"ecrm_consent=1; ecrm_visitor={tokens[0]}"}):
        decided = trial_of("home", customer_id=None)
    assert decided.strategy == arm_of(salt, tokens[0], arms)
    kept = exposures(plugin)
    assert sorted(one.arm for one in kept) == sorted(arm_of(salt, token, arms) for token in tokens)
    assert not any(one.control for one in kept)
