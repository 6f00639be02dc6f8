"""`flask ecrm import-postcodes`: where postcodes lie, from GeoNames' file."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup, with_appcontext

from ecrm.installation import installation

from .service_points import BadPlaces, read_places, replace_places


def add_to(commands: AppGroup) -> None:
    """Add the command to `flask ecrm`."""
    commands.add_command(import_postcodes)


@click.command("import-postcodes")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_appcontext
def import_postcodes(file: Path) -> None:
    """Take in FILE (GeoNames' postal codes, unzipped), by which the nearest service point is found."""
    try:
        with file.open(encoding="utf-8") as lines:
            places = read_places(lines)
    except (BadPlaces, UnicodeDecodeError) as wrong:
        raise click.ClickException(str(wrong)) from None
    with installation().sessions.begin() as session:
        count = replace_places(session, places)
    click.echo(f"{count} postcodes of {len({country for country, _postcode in places})} countries are known now.")
