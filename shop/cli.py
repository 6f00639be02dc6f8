"""`flask shop …`: tables, staff, the demo, imports of sales, and the sums that show that nothing was lost."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from . import migrating, signals
from .accounts.account import Role
from .accounts.demo_people import ensure_demo_people
from .accounts.staff import StaffProblem, create_staff
from .database import db
from .importing.complete_journey import load_complete_journey
from .importing.filling import Progress as Tell
from .importing.online_retail import load_online_retail
from .importing.reconciling import reconcile
from .importing.report import AlreadyFilled, BrokenFile, ImportReport
from .importing.run import all_announced, note_announced

shop_commands = AppGroup("shop", help="The shop: tables, staff, demo data, imports.")
_FILE = click.Path(path_type=Path, dir_okay=False)


def init_app(app: Flask) -> None:
    """Add the commands to `flask`."""
    app.cli.add_command(shop_commands)


@shop_commands.command("upgrade")
def upgrade() -> None:
    """Create or update the tables of the shop, and of whatever is plugged into it."""
    _upgrade()
    click.echo("The tables are up to date.")


@shop_commands.command("demo")
@click.option("--households", type=click.IntRange(min=1), help="Only so many of the 2,469 households.")
@click.option("--seed", default=1, show_default=True, help="Invents the same people and stock each time.")
@click.option("--data", type=_FILE, help="Open the shop on this file of real sales instead (UCI Online Retail layout).")
def demo(households: int | None, seed: int, data: Path | None) -> None:
    """Fill an empty shop: a grocer's year, or the sales of a FILE. A second time with the same data changes nothing."""
    if current_app.config["SHOP_ENV"] != "demo":
        raise click.ClickException(
            "This makes accounts that anybody may sign in to. Set SHOP_ENV=demo if that is wanted."
        )
    _upgrade()
    with _importing() as tell:
        if data is None:
            report = load_complete_journey(db.session(), households=households, seed=seed, progress=tell)
        else:
            report = load_online_retail(
                db.session(), data, into_empty=True, to_yesterday=True, seed=seed, progress=tell
            )
        ensure_demo_people(db.session())
        db.session.commit()
        _announce(tell)
    if report is None:
        click.echo("The shop is filled with these data already; nothing was changed.")
    else:
        _show(report)


@shop_commands.command("import-orders")
@click.argument("file", type=_FILE)
@click.option(
    "--shift-to-yesterday", is_flag=True, help="Move the dates by whole weeks, so that the last sale was just now."
)
def import_orders(file: Path, shift_to_yesterday: bool) -> None:
    """Read real sales from FILE (csv, csv.gz, xlsx or parquet in the UCI Online Retail layout)."""
    _upgrade()
    with _importing() as tell:
        report = load_online_retail(db.session(), file, to_yesterday=shift_to_yesterday, progress=tell)
        db.session.commit()
        _announce(tell)
    if report is not None:
        _show(report)


@shop_commands.command("create-staff")
@click.argument("email")
@click.option("--role", type=click.Choice([str(role) for role in Role]), required=True)
@click.option("--first-name", required=True)
@click.option("--last-name", default="")
@click.password_option(help="Asked for when it isn't given.")
def make_staff(email: str, role: str, first_name: str, last_name: str, password: str) -> None:
    """Make an account of the staff, or give an existing one a role and a password."""
    try:
        create_staff(
            db.session(), email=email, role=role, password=password, first_name=first_name, last_name=last_name
        )
    except StaffProblem as problem:
        raise click.ClickException(str(problem)) from None
    db.session.commit()
    click.echo(f"{email} can sign in as {role}.")


@shop_commands.command("reconcile")
def show_sums() -> None:
    """Compare what imports brought with what the shop holds of it, to the cent."""
    agreed = True
    for balance in reconcile(db.session()):
        click.echo(balance.text())
        agreed = agreed and balance.agrees
    if not agreed:
        raise click.ClickException("The sums differ.")


def _upgrade() -> None:
    migrating.upgrade(db.engine)
    signals.tables_upgraded.send(_app())


def _app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app


@contextmanager
def _importing() -> Iterator[Tell]:
    """A bar for each stage; an import that can't be done ends with its message and exit code 1, nothing written."""
    columns = (TextColumn("{task.description:22}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=console) as bars:

        def tell(stage: str, done: int, whole: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=whole)
            bars.update(tasks[stage], completed=done, total=whole)

        gc.disable()  # millions of rows, none in circles: looking for circles would cost a third of the time
        try:
            yield tell
        except (AlreadyFilled, BrokenFile) as problem:
            db.session.rollback()
            raise click.ClickException(str(problem)) from None
        finally:
            gc.enable()


def _announce(tell: Tell) -> None:
    """Tell whoever is plugged in, unless everything was told before; nobody there = told when somebody will be."""
    if all_announced(db.session()) or not signals.history_imported.has_receivers_for(_app()):
        return
    signals.history_imported.send(_app(), progress=tell)
    note_announced(db.session(), now=datetime.now(UTC))
    db.session.commit()


def _show(report: ImportReport) -> None:
    click.echo(report.text())
    if not report.reconciles:
        raise click.ClickException("The sums of the source and the shop differ; please report this.")
