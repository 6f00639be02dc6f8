"""A shop's clickstream from before the CRM: loaded from files, joined to the orders of its history, and credited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from flask.cli import AppGroup, with_appcontext

from tracking.clickstream.history import COLUMNS, LoadReport, NotLoadable, load_steps

from .installation import Installation, installation
from .keeping import close_days
from .marketing.attribution.missing import book_missing


def import_steps(
    crm: Installation, files: Sequence[Path], *, progress: Callable[[str], None] = lambda _: None
) -> LoadReport:
    """Load steps of past days from Parquet files, in one transaction, and credit the orders that they explain.

    The orders of those days are told before (`history.backfill`): steps called `Order Completed (reported)`, whose
    subject is the order's number, say in which visit an order was placed.

    Raises:
        NotLoadable: for files that can't be loaded; nothing is changed then.
    """
    zone = crm.storefront.facts().time_zone
    with crm.sessions.begin() as session:
        report = load_steps(
            session, crm.archive, files,
            time_zone=zone, today=datetime.now(ZoneInfo(zone)).date(), progress=progress,
        )  # fmt: skip
    progress("closing days")
    close_days(crm)
    progress("crediting orders")
    book_missing(crm)
    return report


def add_to(commands: AppGroup) -> None:
    """Add the command to `flask ecrm`."""
    commands.add_command(import_command)


_HELP = "\n".join(f"{name}: {what}." for name, what in COLUMNS.items())


@click.command(
    "import-steps",
    help=f"""Load a clickstream of past days from Parquet FILES.

    To be done before the shop opens with the CRM, or at night, after its past orders were told: other writers of SQLite
    wait meanwhile. The columns (at and name are needed):

    \b
    {_HELP.replace(chr(10), chr(10) + "    ")}""",
)
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_appcontext
def import_command(files: tuple[Path, ...]) -> None:
    try:
        report = import_steps(installation(), files, progress=lambda what: click.echo(f"{what} …"))
    except NotLoadable as error:
        raise click.ClickException(str(error)) from None
    click.echo(str(report))
