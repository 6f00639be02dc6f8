"""A worker that dies at any statement leaves nothing half done: who comes after makes up for it and doubles nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session, sessionmaker

from mailer.consent import Topic
from mailer.flows.engine import run_flows, setting_of
from mailer.flows.review import ReviewRequest

from .town import Town, moment

NOON = moment("2026-06-10 10:00")


class Killed(BaseException):
    """As `kill -9`: nobody catches it."""


@contextmanager
def killed_at(engine: Engine, number: int) -> Iterator[list[int]]:
    """Dies at the so-manieth statement; `done` says how many were begun."""
    done = [0]

    def count(*_args: Any) -> None:
        done[0] += 1
        if done[0] == number:
            raise Killed

    event.listen(engine, "before_cursor_execute", count)
    try:
        yield done
    finally:
        event.remove(engine, "before_cursor_execute", count)


def test_dying_at_each_statement_doubles_and_loses_nothing(engine: Engine, sessions: sessionmaker[Session]) -> None:
    flow = ReviewRequest()
    town = Town(sessions, [flow], NOON)
    with sessions.begin() as session:
        setting = setting_of(session, flow)
        setting.control_percent, setting.seen_until = 0, NOON
    orders = [town.order(town.person(f"p{number}", Topic.REVIEWS), "tea") for number in range(3)]
    for order in orders:
        town.deliver(order)
    for day in (0, 8):  # first they enter, then the e-mails are due
        town.now = NOON + timedelta(days=day, minutes=5)
        number, finished = 0, False
        while not finished:
            number += 1
            with killed_at(engine, number) as done:
                try:
                    run_flows(sessions, town.flows, town.shop, now=town.now)
                except Killed:
                    continue
                finished = done[0] < number
        assert number > 3
    entries = town.entries()
    assert [entry.state for entry in entries] == ["done"] * 3
    assert sorted(email.dedup_key for email in town.emails()) == [f"flow:review:{one.id}:0" for one in entries]
