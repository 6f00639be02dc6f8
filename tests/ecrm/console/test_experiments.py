"""The pages of experiments: started, read in words, opened into rows, exported and stopped by those who may."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from ecrm.access.audit import Action, AuditEntry
from ecrm.console.experiment_result import decision
from ecrm.marketing.campaigns import found
from ecrm.marketing.experiment_statistics import (
    WORTH_KNOWING,
    Group,
    Needed,
    compare_conversion,
    compare_net,
)
from ecrm.marketing.experiments import Experiment, Exposure, Unit, is_control, start
from ecrm.marketing.exposures import expose_to_campaign
from ecrm.marketing.outcomes import Groups
from ecrm.marketing.recommended.tables import RecommendationClick, Slot
from tracking.clickstream.dimensions import ProductKey, ids_of
from tracking.clickstream.sessions import Session as Visit
from tracking.customers import Customer
from tracking.orders import SeenOrder
from tracking.visitors import Visitor

from .host import DeskStorefront

FORM = {"name": "Does it earn?", "subject": "placement:home", "unit": "visitor", "percent": "10"}
BEGAN = datetime.now(UTC) - timedelta(days=20)


def text_of(page: str, selector: str) -> list[str]:
    return [" ".join(one.text.split()) for one in BeautifulSoup(page, "html.parser").select(selector)]


def campaign_with(
    sessions: sessionmaker[Session], *, people: int, treated_buy: int, control_buy: int, percent: int = 50
) -> int:
    """An experiment on a campaign in which every n-th of a group ordered for 100.00, a tenth of them sent back half."""
    with sessions.begin() as session:
        found(session, code="spring", name="Spring", channel="post", first_day=BEGAN.date(), last_day=None, now=BEGAN)
        customers = [
            Customer(reference=f"p{number}", email=f"p{number}@example.com", first_name="Pat", created_at=BEGAN)
            for number in range(people)
        ]
        session.add_all(customers)
        session.flush()
        experiment = start(
            session, name="Spring, held out", subject="campaign:spring", unit=Unit.CUSTOMER, control_percent=percent,
            by="Sam", now=BEGAN,
        )  # fmt: skip
        expose_to_campaign(session, "spring", [one.id for one in customers], at=BEGAN)
        counts = {True: 0, False: 0}
        for one in customers:
            control = is_control(experiment.salt, str(one.id), percent)
            counts[control] += 1
            every = control_buy if control else treated_buy
            if every and counts[control] % every == 0:
                session.add(
                    SeenOrder(
                        reference=f"S-{one.id}", customer_id=one.id, currency="EUR",
                        placed_at=BEGAN + timedelta(days=1), goods_minor=10_000, total_minor=10_000,
                        refunded_minor=5_000 if counts[control] % 10 == 0 else 0,
                    )
                )  # fmt: skip
        return experiment.id


def test_an_experiment_is_started_read_and_stopped(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session]
) -> None:
    answer = browser.post("/console/experiments", data={"csrf_token": token, **FORM}, follow_redirects=True)
    assert "The experiment runs." in answer.text
    assert "Nobody has met it yet." in answer.text
    again = browser.post("/console/experiments", data={"csrf_token": token, **FORM})
    assert again.status_code == 400
    assert "runs on this already" in again.text
    listed = browser.get("/console/experiments").text
    assert "Does it earn?" in listed
    assert "placement:home" not in listed, "what is taken isn't offered"
    for words in ("The experiment has ended.", "It had ended already."):
        stopped = browser.post("/console/experiments/1/stop", data={"csrf_token": token}, follow_redirects=True)
        assert words in stopped.text
    with sessions() as session:
        deeds = session.scalars(select(AuditEntry.action)).all()
    assert deeds == [Action.EXPERIMENT_STARTED, Action.EXPERIMENT_STOPPED]
    assert browser.post("/console/experiments", data={"csrf_token": token, **FORM}).status_code == 303


@pytest.mark.parametrize(
    "wrong", [{"name": " "}, {"name": "x" * 121}, {"subject": "placement:roof"}, {"subject": ""}, {"unit": "dog"},
              {"percent": "0"}, {"percent": "91"}, {"percent": "٥"}, {"percent": "1.5"}, {"percent": ""}]
)  # fmt: skip
def test_what_cannot_be_started_is_refused_in_words(browser: FlaskClient, token: str, wrong: dict[str, str]) -> None:
    answer = browser.post("/console/experiments", data={"csrf_token": token, **FORM, **wrong})
    assert answer.status_code == 400
    said = BeautifulSoup(answer.text, "html.parser").select_one('[role="alert"]')
    assert said is not None
    assert any(word in said.text for word in ("Give the experiment", "Choose", "whole number"))


def test_what_was_typed_stays_where_something_is_wrong(browser: FlaskClient, token: str) -> None:
    typed = {"csrf_token": token, **FORM, "percent": "91", "adaptive": "1", "share_learnt": "40"}
    page = BeautifulSoup(browser.post("/console/experiments", data=typed).text, "html.parser")
    values = {field["name"]: field.get("value") for field in page.select("main input[name]")}
    assert values["name"] == FORM["name"]
    assert (values["percent"], values["share_learnt"]) == ("91", "40")
    assert page.select_one("#adaptive[checked]") is not None
    assert page.select_one(f'#subject option[selected][value="{FORM["subject"]}"]') is not None


def test_fifty_customers_get_words_and_no_figures_that_pretend(
    browser: FlaskClient, sessions: sessionmaker[Session]
) -> None:
    number = campaign_with(sessions, people=50, treated_buy=5, control_buy=0)
    page = browser.get(f"/console/experiments/{number}").text
    assert all(words.startswith("Too few to say") for words in text_of(page, ".decision"))
    assert not {"nan", "inf", "None"} & set(BeautifulSoup(page, "html.parser").text.split())
    assert "More or less than without it" not in page


def test_an_undecided_experiment_says_how_many_orders_it_needs(
    browser: FlaskClient, sessions: sessionmaker[Session]
) -> None:
    number = campaign_with(sessions, people=400, treated_buy=8, control_buy=9)
    page = browser.get(f"/console/experiments/{number}").text
    first, second = text_of(page, ".decision")
    assert first.startswith("Can't tell yet: about ")
    assert "more orders are needed to see a difference of 20%" in first
    assert second.startswith("Can't tell yet: anything from -")


def test_how_many_orders_conversion_needs_says_nothing_of_the_money(desk: Flask) -> None:
    """Money spreads far wider: with these groups a difference of 20 % in it shows in one experiment out of many."""
    group = Group(20_000, 6_000, 6_000, 6_000 * 5_000, 6_000 * 5_000**2 * 20.0)
    groups = Groups(group, group)
    enough = (Needed(WORTH_KNOWING, 0),)
    with desk.test_request_context():
        of_conversion = decision(compare_conversion(group, group), groups=groups, needed=enough)
        of_net = decision(compare_net(group, group), groups=groups)
    assert of_conversion.startswith("No difference can be seen.")
    assert of_net == "Can't tell yet: anything from -24.0% to +31.6% is possible."


def test_a_decided_experiment_says_by_how_much_and_opens_into_its_rows(
    browser: FlaskClient, sessions: sessionmaker[Session], storefront: DeskStorefront
) -> None:
    number = campaign_with(sessions, people=1_500, treated_buy=2, control_buy=8)
    page = browser.get(f"/console/experiments/{number}").text
    assert all(words.startswith("Better by ") for words in text_of(page, ".decision"))
    assert "More or less than without it" in page
    sheet = [line.split(",") for line in browser.get(f"/console/experiments/{number}.csv").text.splitlines()]
    with sessions() as session:
        units = len(session.scalars(select(Exposure).where(Exposure.control.is_(False))).all())
    assert int(sheet[1][1]) == units
    assert int(sheet[1][2]) == units // 2
    assert sheet[5][1] == sheet[6][1] == "better"

    rows, address = 0, f"/console/experiments/{number}/treated"
    while address:
        shown = BeautifulSoup(browser.get(address).text, "html.parser")
        rows += len(shown.select("tbody tr"))
        further = shown.select_one("a[rel=next]")
        address = str(further["href"]) if further else ""
    assert rows == units // 2
    assert "/console/customers/" in browser.get(f"/console/experiments/{number}/treated").text
    storefront.role = "analyst"
    assert "/console/customers/" not in browser.get(f"/console/experiments/{number}/treated").text


def test_sizes_that_chance_does_not_explain_are_said(browser: FlaskClient, sessions: sessionmaker[Session]) -> None:
    number = campaign_with(sessions, people=400, treated_buy=4, control_buy=4)
    assert "sizes don" not in browser.get(f"/console/experiments/{number}").text
    with sessions.begin() as session:
        session.get_one(Experiment, number).control_percent = 30
    assert "sizes don" in browser.get(f"/console/experiments/{number}").text


def test_whom_to_leave_out_is_for_those_who_may_see_persons_and_is_written_down(
    browser: FlaskClient, sessions: sessionmaker[Session], storefront: DeskStorefront
) -> None:
    number = campaign_with(sessions, people=60, treated_buy=0, control_buy=0, percent=20)
    lines = browser.get(f"/console/experiments/{number}/held-out.csv").text.splitlines()
    with sessions() as session:
        salt = session.get_one(Experiment, number).salt
        ids = session.scalars(select(Customer.id)).all()
        assert session.scalars(select(AuditEntry.action)).all() == [Action.HELD_OUT_EXPORTED]
    assert {int(line.split(",")[0]) for line in lines[1:]} == {one for one in ids if is_control(salt, str(one), 20)}
    storefront.role = "marketer"
    assert browser.get(f"/console/experiments/{number}/held-out.csv").status_code == 403


def test_a_list_of_visitors_to_leave_out_is_refused(browser: FlaskClient, token: str) -> None:
    browser.post("/console/experiments", data={"csrf_token": token, **FORM})
    answer = browser.get("/console/experiments/1/held-out.csv")
    assert answer.status_code == 400
    assert "one on visitors" in answer.text


def test_an_analyst_reads_and_starts_nothing(browser: FlaskClient, token: str, storefront: DeskStorefront) -> None:
    browser.post("/console/experiments", data={"csrf_token": token, **FORM})
    storefront.role = "analyst"
    assert "Stop for good" not in browser.get("/console/experiments/1").text
    assert browser.post("/console/experiments/1/stop", data={"csrf_token": token}).status_code == 403
    assert browser.get("/console/experiments/99").status_code == 404


ARMS = {"subject": "placement:home", "percent": "0", "share_learnt": "60", "share_popular": "40", "goal": "clicks"}


def test_strategies_are_tried_against_each_other(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session]
) -> None:
    answer = browser.post(
        "/console/experiments", data={"csrf_token": token, **FORM, **ARMS, "adaptive": "1"}, follow_redirects=True
    )  # fmt: skip
    assert answer.status_code == 200
    assert "Strategies against each other" in answer.text
    assert "learnt from all behaviour" in answer.text
    assert "60%" in answer.text
    with sessions() as session:
        row = session.scalars(select(Experiment)).one()
        assert (row.arms, row.adaptive, row.goal, row.control_percent) == (
            {"learnt": 60, "popular": 40}, True, "clicks", 0,
        )  # fmt: skip
    assert "adapts" in browser.get("/console/experiments").text
    lines = browser.get(f"/console/experiments/{row.id}.csv").text
    assert "reached the goal" in lines


@pytest.mark.parametrize(
    "wrong",
    [
        {"share_popular": "41"}, {"share_popular": ""}, {"share_popular": "4x"}, {"goal": "luck"},
        {"share_learnt": "97", "share_popular": "3"}, {"subject": "placement:search"},
        {"share_learnt": "", "share_popular": ""},
        {"share_learnt": "", "share_popular": "", "percent": "5", "adaptive": "1"},
    ],
)  # fmt: skip
def test_strategies_that_cannot_be_tried_are_refused_in_words(
    browser: FlaskClient, token: str, wrong: dict[str, str]
) -> None:
    answer = browser.post("/console/experiments", data={"csrf_token": token, **FORM, **ARMS, **wrong})
    assert answer.status_code == 400


def test_what_came_of_each_strategy_is_said_with_a_decision(
    browser: FlaskClient, desk: Flask, sessions: sessionmaker[Session]
) -> None:
    with desk.app_context(), sessions.begin() as session:
        experiment = start(
            session, name="Which?", subject="placement:home", unit=Unit.VISITOR, control_percent=0, by="Sam", now=BEGAN,
            arms={"learnt": 50, "popular": 50},
        )  # fmt: skip
        slot = ids_of(session, Slot, [("home", 1, "learnt")])["home", 1, "learnt"]
        product = ids_of(session, ProductKey, ["1"])["1"]
        for number in range(2_000):
            visitor = Visitor(token=f"{number:032x}", first_seen_at=BEGAN)
            session.add(visitor)
            session.flush()
            arm = "learnt" if number % 2 else "popular"
            session.add(
                Exposure(experiment_id=experiment.id, unit_id=visitor.id, control=False, arm=arm, first_at=BEGAN)
            )
            if number % (10 if arm == "popular" else 3) == 0:
                visit = Visit(visitor_id=visitor.id, started_at=BEGAN, last_at=BEGAN, day=BEGAN.date())
                session.add(visit)
                session.flush()
                session.add(
                    RecommendationClick(
                        session_id=visit.id, slot_id=slot, product_key_id=product, clicked_at=BEGAN, last_at=BEGAN
                    )
                )
        id_ = experiment.id
    text = browser.get(f"/console/experiments/{id_}").text
    assert "They differ. Most likely best: learnt from all behaviour." in text
    assert "worse: -" in text
    assert "control group 0%" in text
