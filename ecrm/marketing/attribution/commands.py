"""`flask ecrm attribute` and `flask ecrm reconcile`."""

from __future__ import annotations

from datetime import datetime

import click
from flask.cli import AppGroup, with_appcontext

from ecrm.installation import installation
from ecrm.marketing.period import Period
from ecrm.wording import money

from .missing import attribute_nightly, book_again
from .models import DEFAULT_MODEL, Model
from .reconcile import Reconciled, reconcile, whole_history
from .rules import rules_of

_DAY = click.DateTime(formats=["%Y-%m-%d"])


def add_to(group: AppGroup) -> None:
    """Add the commands to the CRM's group."""
    group.add_command(attribute_command)
    group.add_command(reconcile_command)


@click.command("attribute")
@click.argument("first", required=False, type=_DAY)
@click.argument("last", required=False, type=_DAY)
@with_appcontext
def attribute_command(first: datetime | None, last: datetime | None) -> None:
    """Credit orders to what brought them: those that aren't yet, or anew those placed from FIRST to LAST."""
    period = _period(first, last)
    crm = installation()
    report = attribute_nightly(crm) if period is None else book_again(crm, period)
    click.echo(str(report))


@click.command("reconcile")
@click.argument("first", required=False, type=_DAY)
@click.argument("last", required=False, type=_DAY)
@click.option(
    "--model",
    "name",
    default=DEFAULT_MODEL.value,
    show_default=True,
    type=click.Choice([*(model.value for model in Model), "all"]),
    help="The attribution model.",
)
@with_appcontext
def reconcile_command(first: datetime | None, last: datetime | None, name: str) -> None:
    """Prove that what was credited is what was booked, from FIRST to LAST (days of the shop's; default: everything).

    Prints the rows that differ and ends with 1 where there are any.
    """
    crm = installation()
    zone, currency = rules_of(crm).zone, crm.storefront.facts().currency
    models = list(Model) if name == "all" else [Model(name)]
    with crm.sessions() as session:
        period = _period(first, last) or whole_history(session, zone)
        if period is None:
            click.echo("There are no orders and no refunds yet.")
            return
        results = reconcile(session, period, models=models, zone=zone)
    click.echo(f"{period.first} to {period.last}")
    for result in results:
        _print(result, currency)
    if not all(result.holds for result in results):
        raise SystemExit(1)


def _print(result: Reconciled, currency: str) -> None:
    click.echo(f"\n{result.model.value}")
    lines = [("attributed", result.attributed_minor)]
    lines += [(f"unattributed: {why}", amount) for why, amount in sorted(result.unattributed.items())]
    lines += [("together", result.credited_minor), ("booked net revenue", result.booked_minor)]
    for words, amount in lines:
        click.echo(f"  {words:30} {money(amount, currency):>20}")
    if result.holds:
        click.echo("  every book agrees to the cent")
        return
    for difference in result.differences:
        click.secho(f"  {difference}", fg="red")
    if result.more:
        click.secho(f"  … and {result.more} more", fg="red")
    click.echo("  `flask ecrm attribute FIRST LAST` puts the postings of these days right.")


def _period(first: datetime | None, last: datetime | None) -> Period | None:
    if first is None:
        return None
    last = last or first
    if last < first:
        raise click.UsageError("LAST lies before FIRST.")
    return Period(first.date(), last.date())
