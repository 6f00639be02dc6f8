"""What a history says of people is what single events would have said, and never undoes the present."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from ecrm import history
from ecrm.events import ProfileChanged, SignedUp, Told
from ecrm.history import backfill
from tracking.customers import Customer, CustomerEmail

from .kites import AT, Kites, open_kites, order, person

BATCHES = (1, 2, 4000)


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    return open_kites(engine, tmp_path)


def before(days: int) -> Any:
    return AT - timedelta(days=days)


def tell(kites: Kites, told: Sequence[Told]) -> history.BackfillReport:
    with kites.app.app_context():
        return backfill(kites.crm, told)


def profiles(kites: Kites) -> list[tuple[Any, ...]]:
    return sorted(
        (one.reference or "", one.email, one.first_name, one.last_name, one.phone, one.country, one.traits,
         one.created_at)
        for one in kites.all(Customer)
    )  # fmt: skip


def addresses(kites: Kites) -> list[tuple[str, str]]:
    query = select(CustomerEmail.folded, Customer.reference).join(Customer, Customer.id == CustomerEmail.customer_id)
    with kites.session() as session:
        return sorted((folded, reference or "guest") for folded, reference in session.execute(query))


ADA = person("a@x.example", "7", phone="111", traits={"children": 1})
MOVED = person("b@x.example", "7", last_name="Lovelace", phone="", traits={"car": "yes"}, email_proved=True)
GUS = person("gus@x.example", first_name="Gus", phone="5")
TOLD_LATER: tuple[Told, ...] = (
    SignedUp(at=before(400), person=ADA),
    order("H1", ADA, at=before(390)),
    order("G1", GUS, at=before(380)),
    order("H2", replace(ADA, email_proved=True, phone="222"), at=before(300)),
    SignedUp(at=before(250), person=person("gus@x.example", "9", first_name="August", email_proved=True)),
    order("H3", MOVED, at=before(200)),
    order("G2", replace(GUS, phone="6"), at=before(190)),
)


@pytest.mark.parametrize("size", BATCHES)
def test_profiles_are_those_of_single_events_wherever_a_batch_ends(
    kites: Kites, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(history, "BATCH", size)
    tell(kites, TOLD_LATER)

    assert profiles(kites) == [
        ("7", "b@x.example", "Ada", "Lovelace", "222", "DE", {"children": 1, "car": "yes"}, before(400)),
        ("9", "gus@x.example", "August", "Byron", "5", "DE", {}, before(380)),
    ]
    assert addresses(kites) == [("a@x.example", "7"), ("b@x.example", "7"), ("gus@x.example", "9")]


def test_live_events_say_the_same(kites: Kites) -> None:
    for one in TOLD_LATER:
        kites.tell(one)
    live = profiles(kites), addresses(kites)
    assert live[0][0][:6] == ("7", "b@x.example", "Ada", "Lovelace", "222", "DE")
    assert live[0][1] == ("9", "gus@x.example", "August", "Byron", "5", "DE", {}, before(380))
    assert live[1] == [("a@x.example", "7"), ("b@x.example", "7"), ("gus@x.example", "9")]


@pytest.mark.parametrize("size", BATCHES)
def test_told_again_the_past_undoes_nothing_of_the_present(
    kites: Kites, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    # given: a history, and a customer who changed her name and address since and took back her phone's number
    monkeypatch.setattr(history, "BATCH", size)
    tell(kites, TOLD_LATER)
    now = person("new@x.example", "7", last_name="King", country="FR")
    kites.tell(ProfileChanged(at=AT, person=now, change_id="c1"))
    present = profiles(kites)
    assert present[0][:6] == ("7", "new@x.example", "Ada", "King", "", "FR")

    # when
    again = tell(kites, TOLD_LATER)

    # then
    assert (again.events, again.customers) == (0, 0)
    assert profiles(kites) == present


@pytest.mark.parametrize("size", BATCHES)
def test_of_a_customer_already_there_a_history_only_fills_what_is_empty(
    kites: Kites, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(history, "BATCH", size)
    kites.tell(SignedUp(at=AT, person=person("now@x.example", "7", first_name="Countess", last_name="")))
    tell(kites, [order("H1", ADA, at=before(90)), order("H2", replace(ADA, phone="222"), at=before(80))])
    ((*profile, created_at),) = profiles(kites)
    assert profile == ["7", "now@x.example", "Countess", "Byron", "222", "DE", {"children": 1}]
    assert created_at == AT


def test_what_is_told_of_the_time_since_the_last_event_counts(kites: Kites) -> None:
    kites.tell(SignedUp(at=before(50), person=ADA))
    tell(kites, [order("H1", replace(ADA, phone="222"), at=before(40)), order("H2", MOVED, at=before(30))])
    assert profiles(kites)[0][:5] == ("7", "b@x.example", "Ada", "Lovelace", "222")


def test_after_a_run_that_broke_off_the_next_one_goes_on_where_it_ended(
    kites: Kites, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    monkeypatch.setattr(history, "BATCH", 2)

    done: list[int] = []

    def break_off(events: int) -> None:
        done.append(events)
        if len(done) == 2:
            raise InterruptedError

    with kites.app.app_context(), pytest.raises(InterruptedError):
        backfill(kites.crm, TOLD_LATER, progress=break_off)

    # when
    assert tell(kites, TOLD_LATER).events == 3

    # then
    assert profiles(kites)[0][:6] == ("7", "b@x.example", "Ada", "Lovelace", "222", "DE")
    assert [len(kites.all(record)) for record in (Customer, CustomerEmail)] == [2, 3]
