"""A worker that is told to stop ends within seconds and leaves no e-mail in doubt."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from ecrm import scheduler
from mailer.addressing import Mailbox
from mailer.outbox import Email, State, queue
from shop.app import create_app
from tests.faults.mail_sink import sink, taken

MANY = 300


def _work(url: str, folder: str, port: int) -> None:
    app = create_app(
        {
            "SHOP_ENV": "demo", "SHOP_SECRET_KEY": "a secret that only these tests know", "SHOP_VAR": folder,
            "SHOP_DATABASE_URL": url, "SHOP_BASE_URL": "http://localhost", "ECRM_JOBS": "outside",
            "ECRM_MAIL_TRANSPORT": "smtp", "ECRM_SMTP_HOST": "127.0.0.1", "ECRM_SMTP_PORT": port,
            "ECRM_SMTP_CONNECTIONS": 2,
        }
    )  # fmt: skip
    scheduler.work(app)


@pytest.mark.sqlite_only
def test_a_stopped_worker_leaves_no_doubt(
    sessions: sessionmaker[Session], database_url: str, shop_data: dict[str, int], tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    with sessions.begin() as session:
        for number in range(MANY):
            queue(
                session, dedup_key=f"letter:{number}", template="letter", sender=Mailbox("Shop", "shop@example.com"),
                to=Mailbox("", f"person{number}@example.com"), subject="Hello", text="Text", html="Text",
                now=now,
            )  # fmt: skip
    with sink(tmp_path / "taken", "--delay", "30") as port:
        arguments = (database_url, str(tmp_path / "var"), port)
        process = multiprocessing.get_context("spawn").Process(target=_work, args=arguments)
        process.start()
        until = time.monotonic() + 60
        while sum(taken(tmp_path / "taken").values()) < 20 and time.monotonic() < until:
            time.sleep(0.05)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGTERM)
        process.join(30)
        assert process.exitcode == 0
        got = taken(tmp_path / "taken")
    with sessions() as session:
        counted = {row[0]: row[1] for row in session.execute(select(Email.state, func.count()).group_by(Email.state))}
    assert set(counted) == {State.SENT, State.QUEUED}
    assert counted[State.SENT] == got.total() == len(got)
    assert 20 <= got.total() < MANY
