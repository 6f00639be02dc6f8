"""`flask ecrm learn | models | rollback`: the recommender's models, trained, listed and taken back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click
from flask.cli import AppGroup, with_appcontext

from recommender.store import Model, ModelKind, NoSuchModel, models, present_name

from .installation import installation
from .model_history import go_back, in_words
from .training import train_models

SHOWN = 20


def add_to(commands: AppGroup) -> None:
    """Add these commands to `flask ecrm`."""
    for command in (learn, list_models, rollback):
        commands.add_command(command)


@click.command("learn")
@click.option("--quick", is_flag=True, help="Learn no rankings: a shop's first minutes.")
@with_appcontext
def learn(quick: bool) -> None:
    """Train the recommendations now, and publish them if they aren't worse than the present ones."""
    from recommender.folders import BeingTrained  # with it comes numpy, which most commands don't need

    kind = ModelKind.QUICK if quick else ModelKind.FULL
    try:
        report = train_models(installation(), kind=kind, progress=lambda step: click.echo(f"… {step}", err=True))
    except BeingTrained as error:
        raise click.ClickException(str(error)) from None
    click.echo(str(report))
    if not report.published:
        raise SystemExit(1)


@click.command("models")
@with_appcontext
def list_models() -> None:
    """List the trained models with what the gate measured, the newest first."""
    with installation().sessions() as session:
        present, rows = present_name(session), models(session, limit=SHOWN)
    if not rows:
        click.echo("Nothing was trained yet: `flask ecrm learn` does it now, the timetable every night.")
    for row in rows:
        click.echo(f"{'*' if row.name == present else ' '} {row.name:28} {row.state:10} {_size(row)}  {in_words(row)}")


@click.command("rollback")
@click.argument("name", required=False)
@with_appcontext
def rollback(name: str | None) -> None:
    """Go back to the model that was served before, or to the one called NAME; every process does within seconds."""
    try:
        row = go_back(installation(), to=name, now=datetime.now(UTC))
    except NoSuchModel as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{row.name} of {row.trained_at:%Y-%m-%d %H:%M} UTC is served from now on.")


def _size(row: Model) -> Any:
    return (
        f"{row.customers:>9,} customers {row.products:>8,} products {row.interactions:>11,} lines {row.seconds:>7.1f} s"
    )
