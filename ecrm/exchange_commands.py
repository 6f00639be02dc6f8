"""`flask ecrm export-interactions | import-factors`: the recommender's exchange with an engine that is distributed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from flask.cli import AppGroup, with_appcontext

from .installation import installation


def add_to(commands: AppGroup) -> None:
    """Add these commands to `flask ecrm`."""
    for command in (export_interactions, import_factors):
        commands.add_command(command)


@click.command("export-interactions")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@with_appcontext
def export_interactions(folder: Path) -> None:
    """Write who bought what on which day as Parquet into a new FOLDER, for an ALS on many machines."""
    from recommender.exchange import NotExported
    from recommender.exchange import export_interactions as export  # with it comes numpy

    crm = installation()
    zone = ZoneInfo(crm.storefront.facts().time_zone)
    try:
        with crm.sessions() as session:
            done = export(
                session, folder, now=datetime.now(UTC), zone=zone,
                progress=lambda month: click.echo(f"… {month}", err=True),
            )  # fmt: skip
    except (NotExported, OSError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(str(done))


@click.command("import-factors")
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--export", "exported", type=click.Path(path_type=Path, file_okay=False),
    help="The folder of the export that the factors were made of; FOLDER itself by default.",
)  # fmt: skip
@click.option("--forget", "forgetting", is_flag=True, help="Train with factors of our own again.")
@with_appcontext
def import_factors(folder: Path | None, exported: Path | None, forgetting: bool) -> None:
    """Check the userFactors and itemFactors in FOLDER, as Spark's ALSModel.save writes them, and train with them."""
    from recommender import imported_factors  # with it comes numpy

    models = Path(installation().models.folder)
    if forgetting:
        gone = imported_factors.forget(models)
        click.echo("Trainings use factors of their own again." if gone else "There were no imported factors.")
        return
    if folder is None:
        raise click.UsageError("Give the FOLDER that ALSModel.save wrote, or --forget.")
    try:
        found = imported_factors.import_factors(
            folder, models=models, exported=exported or folder, now=datetime.now(UTC)
        )
    except imported_factors.BadFactors as error:
        raise click.ClickException(str(error)) from None
    click.echo(str(found))
