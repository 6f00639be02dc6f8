"""The telephone system tells of calls: once each, by a secret key, late and repeated messages take nothing back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from ecrm.access.audit import at_command_line
from ecrm.erasing import erase_mail
from ecrm.installation import Installation
from ecrm.keeping import retain
from ecrm.service.calls import Call, Outcome, of_customer
from tracking.customers import Customer

from .conftest import Send

NUMBER = "030 12345678"


def told(**more: Any) -> dict[str, Any]:
    return {"id": "pbx-1", "number": NUMBER, "startedAt": "2026-11-20T12:00:00Z"} | more


def calls(plugin: Installation) -> list[Call]:
    with plugin.sessions() as session:
        return list(session.scalars(select(Call).order_by(Call.id)))


@pytest.fixture
def ada(plugin: Installation) -> int:
    with plugin.sessions.begin() as session:
        customer = Customer(
            reference="1", email="ada@example.com", phone="+49 30 12345678", country="DE", traits={},
            created_at=datetime.now(UTC),
        )  # fmt: skip
        session.add(customer)
        session.flush()
        return customer.id


def test_a_call_is_written_down_with_its_customer_and_told_where_its_card_is(
    plugin: Installation, send: Send, ada: int
) -> None:
    answer = send("calls", told())
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    assert answer.json["card"].endswith("/console/calls?number=%2B493012345678")
    (call,) = calls(plugin)
    assert (call.number, call.customer_id, call.outcome) == ("+493012345678", ada, Outcome.RINGING)
    with plugin.sessions() as session:
        assert [one.id for one in of_customer(session, ada)] == [call.id]


def test_messages_of_one_call_add_to_it_in_any_order(plugin: Installation, send: Send) -> None:
    for message in (
        told(outcome="answered", endedAt="2026-11-20T12:05:00Z", words="Wants the bill"), told(outcome="ringing"),
        told(), told(staff="7"),
    ):  # fmt: skip
        assert send("calls", message).status_code == 200
    (call,) = calls(plugin)
    assert (call.outcome, call.words, call.staff_id) == (Outcome.ANSWERED, "Wants the bill", "7")
    assert call.ended_at == datetime(2026, 11, 20, 12, 5, tzinfo=UTC)


def test_a_withheld_number_and_a_shared_one_are_nobody_s(plugin: Installation, send: Send, ada: int) -> None:
    with plugin.sessions.begin() as session:
        session.add(
            Customer(email="eve@example.com", phone=NUMBER, country="DE", traits={}, created_at=datetime.now(UTC))
        )
    send("calls", told(number="anonymous"))
    send("calls", told(id="pbx-2"))
    assert [(one.number, one.customer_id) for one in calls(plugin)] == [("", None), ("+493012345678", None)]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400), ([], 400), ("{", 400), (told(direction="up"), 400), (told(id=""), 400), (told(number="1" * 61), 400),
        (told(startedAt="yesterday"), 400), (told(words="x" * 4001), 400),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_words(plugin: Installation, send: Send, body: Any, status: int) -> None:
    answer = send("calls", body)
    assert answer.status_code == status
    assert answer.json is not None
    assert answer.json["message"]
    assert calls(plugin) == []


def test_only_a_secret_key_may_tell(plugin: Installation, send: Send, client: Any) -> None:
    assert send("calls", told(), kind="browser").status_code == 401
    assert client.post("/v1/calls", json=told()).status_code == 401
    assert send("calls", told(), headers={"Sec-Fetch-Site": "same-origin"}).status_code == 401
    assert calls(plugin) == []


def test_calls_are_forgotten_with_their_person_and_with_time(plugin: Installation, send: Send, ada: int) -> None:
    send("calls", told(words="canary"))
    send("calls", told(id="pbx-2", number="040 123456", startedAt="2020-01-01T00:00:00Z", words="canary"))
    with plugin.app.app_context():
        erase_mail(plugin, "ada@example.com", reason="asked", staff=at_command_line())
    retain(plugin)
    assert [(one.number, one.words, one.customer_id, one.external_id) for one in calls(plugin)] == [
        ("", "", None, None)
    ] * 2


def test_what_lies_ahead_is_now(plugin: Installation, send: Send) -> None:
    send("calls", told(startedAt="2999-01-01T00:00:00Z"))
    (call,) = calls(plugin)
    assert call.started_at <= datetime.now(UTC) + timedelta(minutes=5)
