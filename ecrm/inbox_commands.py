"""`flask ecrm inbox`: what clients sent to the collector and could not be stored."""

from __future__ import annotations

import click
from flask.cli import AppGroup, with_appcontext

from tracking.clickstream.archive import ArchiveDamaged
from tracking.clickstream.digest import Digested, digest_next
from tracking.clickstream.put_aside import how_many_aside, put_aside, try_again

from .installation import Installation, installation

SHOWN = 50


def add_to(commands: AppGroup) -> None:
    """Add the command to `flask ecrm`."""
    commands.add_command(inbox)


@click.command("inbox")
@click.option("--retry", is_flag=True, help="Try them again, e.g. after an update or once a folder is back.")
@with_appcontext
def inbox(retry: bool) -> None:
    """List what clients sent and could not be stored, and why."""
    crm = installation()
    if retry:
        with crm.sessions.begin() as session:
            count = try_again(session)
        try:
            done = _digest_all(crm)
        except ArchiveDamaged as error:
            raise click.ClickException(
                f"{count} entries wait in the inbox until the archive is back: {error}"
            ) from None
        click.echo(f"{count} entries were tried again: {done}.")
    with crm.sessions() as session:
        total, entries = how_many_aside(session), put_aside(session, limit=SHOWN)
    click.echo(f"{total} entries are put aside." if total else "Nothing is put aside.")
    for entry in entries:
        click.echo(str(entry))
    if total > len(entries):
        click.echo(f"… and {total - len(entries)} more")


def _digest_all(crm: Installation) -> Digested:
    zone = crm.storefront.facts().time_zone
    total = Digested()
    while (done := digest_next(crm.sessions, zone, archive=crm.archive)).anything:
        total += done
    return total
