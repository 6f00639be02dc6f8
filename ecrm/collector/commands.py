"""`flask ecrm write-key`: a key for the collector from the command line, as the console's “Data sources” makes them."""

from __future__ import annotations

from datetime import UTC, datetime

import click
from flask.cli import AppGroup

from ecrm.installation import installation

from .write_keys import KINDS, SERVER, create


def add_to(group: AppGroup) -> None:
    """Add the command to `flask ecrm`."""
    group.add_command(write_key)


@click.command("write-key")
@click.argument("name")
@click.option("--kind", type=click.Choice(KINDS), default=SERVER, show_default=True)
def write_key(name: str, kind: str) -> None:
    """Make a write key called NAME for the collector and print it; a server's is shown only this once."""
    try:
        with installation().sessions.begin() as session:
            _row, key = create(session, name=name, kind=kind, by="command line", now=datetime.now(UTC))
    except ValueError as problem:
        raise click.BadParameter(str(problem)) from None
    click.echo(key)
