"""`flask ecrm close-days | retain | archive | recompute | erase-events`: past days, kept, checked and forgotten."""

from __future__ import annotations

from datetime import datetime

import click
from flask.cli import AppGroup, with_appcontext

from tracking.clickstream.owning import NotOurs

from . import keeping
from .access.audit import at_command_line
from .installation import installation


def add_to(commands: AppGroup) -> None:
    """Add these commands to `flask ecrm`."""
    for command in (close_days, retain, archive, recompute, erase_events):
        commands.add_command(command)


@click.command("close-days")
@with_appcontext
def close_days() -> None:
    """Move the figures of past days into sheets, and old steps into the archive (the job of this name)."""
    try:
        click.echo(keeping.close_days(installation()))
    except NotOurs as error:
        raise click.ClickException(str(error)) from None


@click.command("retain")
@with_appcontext
def retain() -> None:
    """Forget steps that are older than ECRM_KEEP_EVENTS_DAYS (the job of this name)."""
    click.echo(keeping.retain(installation()))


@click.command("archive")
@with_appcontext
def archive() -> None:
    """Say what the archive holds and how large it is."""
    click.echo(keeping.what_is_archived(installation()))


@click.command("recompute")
@click.argument("first", type=click.DateTime(["%Y-%m-%d"]))
@click.argument("last", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--write", is_flag=True, help="Put the figures right.")
@with_appcontext
def recompute(first: datetime, last: datetime, write: bool) -> None:
    """Count the days from FIRST to LAST anew from the raw log and print every figure that differs."""
    number = 0
    crm = installation()
    try:
        for difference in keeping.recount(crm, first.date(), last.date(), write=write):
            number += 1
            click.echo(str(difference))
    except keeping.NotKept as error:
        raise click.ClickException(str(error)) from None
    if left_out := keeping.not_recounted(crm, first.date(), last.date()):
        click.echo(
            f"{len(left_out)} days were left out, because somebody's steps were erased who stays counted there: "
            f"{', '.join(map(str, left_out))}."
        )
    click.echo(f"{number} figures differ" + (" and were put right." if write and number else "."))
    if number and not write:
        raise SystemExit(1)


@click.command("erase-events")
@click.argument("email")
@click.option("--reason", required=True, help="Why; it is kept in the audit.")
@click.option("--yes", is_flag=True, help="Don't ask; it can't be undone.")
@with_appcontext
def erase_events(email: str, reason: str, yes: bool) -> None:
    """Take all that the customer of EMAIL did, and their browsers, out of database and archive."""
    if not yes:
        click.confirm(f"Erase every step of {email}? This can't be undone.", abort=True)
    staff = at_command_line()
    try:
        click.echo(str(keeping.erase_events(installation(), email, reason=reason, staff=staff)))
    except (keeping.NotErasable, NotOurs) as error:
        raise click.ClickException(str(error)) from None
