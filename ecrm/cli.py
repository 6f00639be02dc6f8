"""`flask ecrm …`: migrations, jobs and history from the command line."""

from __future__ import annotations

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from . import (
    consent_commands,
    doctoring,
    erasing,
    exchange_commands,
    flow_commands,
    history_steps,
    inbox_commands,
    keeping_commands,
    mail_gallery,
    migrating,
    recommending_commands,
    scheduler,
)
from .catching_up import catch_up
from .collector import commands as collector_commands
from .customers import worth_commands
from .giving import command as giving
from .installation import installation
from .mail_reports import commands as report_commands
from .marketing.attribution import commands as attribution
from .marketing.recommended import commands as recommended
from .service import desk, postcode_commands
from .timetable import TIMETABLE, job_named

ecrm_commands = AppGroup("ecrm", help="The e-CRM: tables, jobs, training.")


def init_app(app: Flask) -> None:
    """Add the commands to the host's `flask`."""
    attribution.add_to(ecrm_commands)
    recommended.add_to(ecrm_commands)
    keeping_commands.add_to(ecrm_commands)
    mail_gallery.add_to(ecrm_commands)
    inbox_commands.add_to(ecrm_commands)
    recommending_commands.add_to(ecrm_commands)
    history_steps.add_to(ecrm_commands)
    exchange_commands.add_to(ecrm_commands)
    consent_commands.add_to(ecrm_commands)
    flow_commands.add_to(ecrm_commands)
    worth_commands.add_to(ecrm_commands)
    report_commands.add_to(ecrm_commands)
    erasing.add_to(ecrm_commands)
    postcode_commands.add_to(ecrm_commands)
    doctoring.add_to(ecrm_commands)
    giving.add_to(ecrm_commands)
    desk.add_to(ecrm_commands)
    app.cli.add_command(ecrm_commands)
    collector_commands.add_to(ecrm_commands)


@ecrm_commands.command("upgrade")
def upgrade() -> None:
    """Create or update the CRM's tables, and work out once what new ones say of what was there before."""
    crm = installation()
    migrating.upgrade(crm.sessions.kw["bind"])
    catch_up(crm, say=click.echo)
    click.echo("The CRM's tables are up to date.")


@ecrm_commands.command("jobs")
def jobs() -> None:
    """List the timetable."""
    for job in TIMETABLE:
        when = f"every {int(job.every.total_seconds())} s" if job.every else f"daily at {job.at}"
        click.echo(f"{job.name:10} {when:16} {job.does}")


@ecrm_commands.command("work")
def work() -> None:
    """Run the timetable until stopped (with ECRM_JOBS=outside in the web processes)."""
    click.echo("Working. Stop with Ctrl-C.")
    scheduler.work(current_app._get_current_object())  # type: ignore[attr-defined]


@ecrm_commands.command("run")
@click.argument("name", metavar="JOB")
def run(name: str) -> None:
    """Run one JOB of the timetable now; `flask ecrm jobs` lists them."""
    try:
        job = job_named(name)
    except KeyError as error:
        raise click.BadParameter(str(error.args[0])) from None
    click.echo(job.run(installation()))
