"""`flask ecrm learn | models | rollback | evaluate`: the recommender's models, trained, listed, taken back, judged."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import rich.progress
from flask.cli import AppGroup, with_appcontext
from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from recommender.store import Model, ModelKind, NoSuchModel, models, present_name

from .access.audit import at_command_line
from .audience_command import audience
from .installation import installation
from .model_history import go_back, in_words
from .training import shop_of, train_models

if TYPE_CHECKING:
    from recommender.protocol.evaluating import Evaluation

Progress = Callable[[str, float], None]
SHOWN = 20
ONLINE_RETAIL = Path("../shared/data/online_retail.parquet")
"""Where the data of the published protocol lie beside a checkout."""


def add_to(commands: AppGroup) -> None:
    """Add these commands to `flask ecrm`."""
    for command in (learn, list_models, rollback, evaluate, audience):
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
        row = go_back(installation(), to=name, by=at_command_line(), now=datetime.now(UTC))
    except NoSuchModel as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{row.name} of {row.trained_at:%Y-%m-%d %H:%M} UTC is served from now on.")


@click.command("evaluate")
@click.option(
    "--days", default=30, type=click.IntRange(1, 3650), show_default=True, help="Judge the last so many days."
)
@click.option(
    "--protocol", type=click.Choice(["online-retail"]), help="Judge on public data instead of the shop's own."
)
@click.option("--data", type=click.Path(path_type=Path, dir_okay=False), help="The file of the protocol's data.")
@click.option(
    "--clicks", type=click.Path(path_type=Path, dir_okay=False),
    help="Judge what comes next in a visit on this log of clicks instead (CSV, TSV or Parquet).",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="End with the figures as one line of JSON.")
@with_appcontext
def evaluate(days: int, protocol: str | None, data: Path | None, clicks: Path | None, as_json: bool) -> None:
    """Judge what the shop recommends by what customers bought later: trained on the past, asked for the last days."""
    from recommender.protocol import evaluating  # with it comes numpy, which most commands don't need

    if data is not None and protocol is None:
        raise click.UsageError("--data goes with --protocol; the shop's own history is in its database.")
    if clicks is not None:
        if protocol is not None:
            raise click.UsageError("--clicks judges a log of clicks alone; leave --protocol out.")
        _judge_clicks(clicks, as_json=as_json)
        return
    with _bar() as progress:
        try:
            found = _of_online_retail(data, progress) if protocol else _of_own_history(days, progress)
        except (evaluating.TooLittle, FileNotFoundError) as error:
            raise click.ClickException(str(error)) from None
    for line in evaluating.as_table(found):
        click.echo(line)
    if as_json:
        click.echo(json.dumps(found.as_json()))


def _judge_clicks(file: Path, *, as_json: bool) -> None:
    from recommender.protocol import click_file, sessions

    steps = iter(range(sessions.STEPS))
    with _bar() as progress:
        try:
            lines: list[str] = []
            found = sessions.judged(
                file, say=lines.append, progress=lambda step: progress(step, next(steps, 0) / sessions.STEPS)
            )
        except click_file.BadClickLog as error:
            raise click.ClickException(str(error)) from None
        progress("done", 1.0)
    for line in lines:
        click.echo(line)
    if as_json:
        click.echo(json.dumps(found))


def _of_own_history(days: int, progress: Progress) -> Evaluation:
    from recommender.candidates.session_fitting import ClickLog
    from recommender.material import read
    from recommender.protocol import evaluating

    crm = installation()
    progress("reading what was bought", 0.0)
    material = read(crm.sessions, shop_of(crm), datetime.now(UTC))
    clicks = material.clicks
    log = ClickLog(clicks.visit, clicks.product, clicks.at)
    return evaluating.evaluate(
        material.interactions, material.catalogue, days=float(days), clicks=log, deeds=material.deeds, progress=progress
    )


def _of_online_retail(data: Path | None, progress: Progress) -> Evaluation:
    from recommender.protocol import carts, evaluating, online_retail

    file = data or ONLINE_RETAIL
    if not file.exists():
        raise FileNotFoundError(
            f"There is no {file}. Give the UCI Online Retail data as a Parquet file: --data FILE (they are published "
            "at https://archive.ics.uci.edu/dataset/352/online+retail, licence CC BY 4.0)."
        )
    progress(f"reading {file.name}", 0.0)
    try:
        shop = online_retail.read(file)
    except (ValueError, KeyError, TypeError) as error:  # no Parquet, or without the columns
        raise click.ClickException(f"{file} can't be read as the UCI Online Retail data: {error}") from None
    days, window = shop.test
    return evaluating.evaluate(
        shop.interactions, shop.catalogue, days=days, window=window, smallest=carts.SMALLEST, progress=progress
    )


@contextmanager
def _bar() -> Iterator[Progress]:
    """One bar for everything, on the error output, so that the table can go into a file."""
    columns = (BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with rich.progress.Progress(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task("", total=1.0)

        def tell(step: str, share: float) -> None:
            bars.update(task, description=step, completed=share)

        yield tell


def _size(row: Model) -> Any:
    return (
        f"{row.customers:>9,} customers {row.products:>8,} products {row.interactions:>11,} lines {row.seconds:>7.1f} s"
    )
