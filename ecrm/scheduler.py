"""APScheduler runs the timetable: inside the one web process (default), or in `flask ecrm work`."""

from __future__ import annotations

import logging
import signal
import threading
from datetime import UTC, datetime
from types import FrameType
from typing import Any
from zoneinfo import ZoneInfo

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from flask import Flask

from .installation import Installation, installation
from .job_runs import claim_slot, finish_run
from .timetable import TIMETABLE, Job

log = logging.getLogger("ecrm.jobs")


def init_app(app: Flask) -> None:
    """Start the timetable with the first request, so that commands, tests and forking servers start no thread."""
    if app.testing or app.config["ECRM_JOBS"] != "inside":
        return
    started = threading.Lock()

    @app.before_request
    def start_timetable() -> None:
        if started.acquire(blocking=False):
            plan(BackgroundScheduler(daemon=True, **_options()), installation(app)).start()


def work(app: Flask) -> None:
    """Run the timetable until the process is told to stop (SIGTERM, Ctrl-C); jobs that run are waited for, and the
    sender ends after the e-mails that it has handed over, so that none is left in doubt."""
    crm = installation(app)
    scheduler = plan(BlockingScheduler(**_options()), crm)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        crm.stopping.set()
        # in a thread of its own: the handler may interrupt a step of the scheduler that holds its lock
        threading.Thread(target=scheduler.shutdown, name="stop the timetable").start()

    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, stop)
    scheduler.start()


def plan(scheduler: BaseScheduler, crm: Installation) -> BaseScheduler:
    """Enter every job of the timetable; times of day are the shop's."""
    with crm.app.app_context():
        zone = ZoneInfo(crm.storefront.facts().time_zone)
    for job in TIMETABLE:
        scheduler.add_job(run_job, _trigger(job, zone), args=[crm, job], id=job.name, name=job.does)
    return scheduler


def run_job(crm: Installation, job: Job, *, slot: str | None = None) -> str:
    """Run a job now, in an app context; a `once` job only if its slot is still free.

    A broad `except` stands here on purpose: one failing job never stops the timetable. The failure is logged and,
    for `once` jobs, kept in the run's row.

    Returns:
        What the job says it did, or why it didn't.
    """
    with crm.app.app_context():
        run_id = None
        if job.once:
            slot = slot or _slot(crm)
            with crm.sessions.begin() as session:
                run_id = claim_slot(session, job=job.name, slot=slot, now=datetime.now(UTC))
            if run_id is None:
                return f"{job.name}: slot {slot} was taken by another worker"
        outcome = "done"
        try:
            detail = job.run(crm)
        except Exception as error:
            log.exception("job %s failed", job.name)
            outcome, detail = "failed", f"{type(error).__name__}: {error}"
        if run_id is not None:
            with crm.sessions.begin() as session:
                finish_run(session, run_id, outcome=outcome, detail=detail, now=datetime.now(UTC))
        return detail


def _slot(crm: Installation) -> str:
    zone = ZoneInfo(crm.storefront.facts().time_zone)
    return datetime.now(zone).date().isoformat()


def _trigger(job: Job, zone: ZoneInfo) -> Any:
    if job.every is not None:
        return IntervalTrigger(seconds=int(job.every.total_seconds()))
    hour, minute = job.at.split(":")
    return CronTrigger(hour=hour, minute=minute, timezone=zone)


def _options() -> dict[str, Any]:
    return {
        # one for each job that may take minutes (training, mailings, marketing) and some for those that mustn't wait
        "executors": {"default": ThreadPoolExecutor(8)},
        "job_defaults": {"coalesce": True, "max_instances": 1, "misfire_grace_time": 3600},
        "timezone": UTC,
    }
