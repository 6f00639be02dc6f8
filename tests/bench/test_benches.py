"""The benches run: the year is made up and loaded, every report answers, and what they count agrees."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bench import foretold_delays
from bench.building import build, installed
from bench.generating import START, World
from bench.posting import backlog
from bench.reports import Owner, differences, measure, periods, unreconciled
from ecrm import migrating
from ecrm.marketing.period import Period
from tracking.clickstream.digest import digest_next

EVENTS = 3_000


def test_a_year_is_the_same_each_time(tmp_path: Path) -> None:
    first, second = tmp_path / "first.parquet", tmp_path / "second.parquet"
    worlds = [World(EVENTS), World(EVENTS)]
    assert [world.write_steps(file) for world, file in zip(worlds, (first, second), strict=True)] == [EVENTS, EVENTS]
    assert pq.read_table(first).equals(pq.read_table(second))
    assert list(worlds[0].told()) == list(worlds[1].told())


def test_a_small_year_is_loaded_reported_recounted_and_reconciled(tmp_path: Path) -> None:
    crm = installed(f"sqlite:///{tmp_path / 'bench.db'}", tmp_path, storefront=Owner())
    build(crm, tmp_path, events=EVENTS)
    measure(crm, periods(1, seed=1))
    whole = [Period(START.date(), START.date() + timedelta(days=90))]
    assert differences(crm, whole) == 0
    assert unreconciled(crm, whole) == 0


def test_a_backlog_is_digested_to_the_last_message(tmp_path: Path) -> None:
    crm = installed(f"sqlite:///{tmp_path / 'bench.db'}", tmp_path)
    migrating.upgrade(crm.sessions.kw["bind"])
    backlog(crm, 120, 50)
    digested = 0
    while (done := digest_next(crm.sessions, "Europe/Berlin")).anything:
        digested += done.events
    assert digested == 120


def test_foretold_delays_are_played_and_judged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["foretold_delays", "--parcels", "20"])
    foretold_delays.main()
    assert "parcels judged" in capsys.readouterr().out
