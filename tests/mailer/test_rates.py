"""Rates: exact over several workers, apart for each domain, and nobody else waits for the slow ones."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from mailer.claims import Stream
from mailer.outbox import Email, State
from mailer.rates import BadRate, read_rates
from mailer.sender import Desk, send_due
from mailer.transports import MemoryTransport

from .outgoing import NOW, Words


class Timed(MemoryTransport):
    """Notes when each e-mail went."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__()
        self.clock, self.times = clock, list[tuple[str, datetime]]()

    def send(self, message: bytes, *, envelope_from: str, envelope_to: str) -> None:
        self.times.append((envelope_to.partition("@")[2], self.clock()))


def moved(sessions: sessionmaker[Session], domain: str, ids: list[int]) -> None:
    with sessions.begin() as session:
        for email_id in ids:
            row = session.get_one(Email, email_id)
            row.to_address = f"{row.to_address.partition('@')[0]}@{domain}"


def test_no_more_than_agreed_go_out_in_a_time_whoever_sends_and_other_domains_do_not_wait(
    sessions: sessionmaker[Session], offer: Callable[..., int]
) -> None:
    moved(sessions, "slow.example", [offer(f"slow{number}") for number in range(12)])
    for number in range(6):
        offer(f"quick{number}")
    transport = Timed(lambda: datetime.now(UTC))
    desk = Desk(writer=Words(), rates=read_rates(["slow.example=20/s", "all=100/s"]))
    start = datetime.now(UTC)
    with ThreadPoolExecutor(2) as workers:
        reports = list(
            workers.map(lambda _n: send_due(sessions, transport, clock=lambda: datetime.now(UTC), desk=desk), range(2))
        )
    assert sum(report.sent for report in reports) == 18
    slow = sorted(at for domain, at in transport.times if domain == "slow.example")
    for number, at in enumerate(slow):
        assert at - start >= number * timedelta(milliseconds=50)
    for number, (_domain, at) in enumerate(sorted(transport.times, key=lambda one: one[1])):
        assert at - start >= number * timedelta(milliseconds=10)
    quick = max(at for domain, at in transport.times if domain == "example.com")
    assert quick < slow[-1]


def test_a_slow_domains_moments_are_kept_when_quick_ones_are_fetched_behind_it(
    sessions: sessionmaker[Session], offer: Callable[..., int]
) -> None:
    moved(sessions, "slow.example", [offer(f"slow{number}") for number in range(12)])
    for number in range(150):
        offer(f"quick{number}")
    transport = Timed(lambda: datetime.now(UTC))
    desk = Desk(writer=Words(), rates=read_rates(["slow.example=10/s"]))
    start = datetime.now(UTC)
    assert send_due(sessions, transport, clock=lambda: datetime.now(UTC), desk=desk).sent == 162
    slow = [at for domain, at in transport.times if domain == "slow.example"]
    for number, at in enumerate(slow):
        assert at - start >= number * timedelta(milliseconds=100)


def test_what_has_to_wait_longer_is_spread_over_the_time_to_come(
    sessions: sessionmaker[Session], offer: Callable[..., int]
) -> None:
    for number in range(10):
        offer(f"person{number}")
    desk = Desk(writer=Words(), rates=read_rates(["marketing=1/m"]))
    assert send_due(sessions, MemoryTransport(), clock=lambda: NOW, desk=desk).sent == 1
    with sessions() as session:
        due = session.scalars(select(Email.due_at).where(Email.state == State.QUEUED).order_by(Email.due_at)).all()
        waiting = session.scalar(select(func.count()).select_from(Email).where(Email.state == State.QUEUED))
    assert waiting == 9
    assert [(at - NOW).total_seconds() / 60 for at in due] == list(range(1, 10))


@pytest.mark.parametrize("phase", [0.5, 1.5])
@pytest.mark.parametrize("rate", ["all=20/m", "all=1/s", "example.com=20/m"])
def test_a_long_mailing_under_a_low_limit_starves_no_order(
    sessions: sessionmaker[Session], put: Callable[..., int], offer: Callable[..., int], rate: str, phase: float
) -> None:
    """Each stream is sent every three seconds, marketing a little before the orders."""
    for number in range(60):
        offer(f"person{number}")
    now = [NOW]
    transport = Timed(lambda: now[0])
    desk = Desk(writer=Words(), rates=read_rates([rate]))

    def clock() -> datetime:
        now[0] += timedelta(milliseconds=200)
        return now[0]

    def sent(stream: Stream) -> int:
        return send_due(sessions, transport, clock=clock, stream=stream, desk=desk).sent

    sent(Stream.MARKETING)
    order = put()
    for tick in range(6):
        now[0] = max(now[0], NOW + timedelta(seconds=3 * tick + phase))
        if sent(Stream.TRANSACTIONAL):
            break
        now[0] = max(now[0], NOW + timedelta(seconds=3 * tick + 3))
        sent(Stream.MARKETING)
    with sessions() as session:
        assert session.get_one(Email, order).state == State.SENT
    behind, before = 0, len(transport.times)
    for _ in range(30):
        now[0] += timedelta(seconds=3)
        behind += sent(Stream.MARKETING)
    assert behind + before > 12, "the mailing goes on afterwards"


@pytest.mark.parametrize("written", ["gmail.com", "all=0/s", "all=5/week", "=5/s", "all=x/s", "a b=5/s", "..=5/s"])
def test_a_rate_that_cannot_be_read_says_how_one_is_written(written: str) -> None:
    with pytest.raises(BadRate):
        read_rates([written])


def test_rates_are_read_as_they_are_meant() -> None:
    intervals: Any = read_rates(["all=50/s", " GMAIL.com = 600/m ", "transactional=1/h"]).intervals
    assert intervals == {
        "all": timedelta(milliseconds=20), "gmail.com": timedelta(milliseconds=100), "transactional": timedelta(hours=1)
    }  # fmt: skip
