"""`flask ecrm credit-recommendations`: what recommendations earned, credited anew or proved."""

from __future__ import annotations

from datetime import datetime

import click
from flask.cli import AppGroup, with_appcontext

from ecrm.installation import installation
from ecrm.marketing.period import Period
from ecrm.wording import money

from .crediting import rules_of
from .proof import credit_anew, prove

_DAY = click.DateTime(formats=["%Y-%m-%d"])


def add_to(group: AppGroup) -> None:
    """Add the command to the CRM's group."""
    group.add_command(credit_recommendations)


@click.command("credit-recommendations")
@click.argument("first", type=_DAY)
@click.argument("last", required=False, type=_DAY)
@click.option("--check", is_flag=True, help="Change nothing; print what differs and end with 1 where anything does.")
@with_appcontext
def credit_recommendations(first: datetime, last: datetime | None, *, check: bool) -> None:
    """Credit orders placed or refunded from FIRST to LAST to the recommendations that were clicked, anew."""
    last = last or first
    if last < first:
        raise click.UsageError("LAST lies before FIRST.")
    crm, period = installation(), Period(first.date(), last.date())
    rules = rules_of(crm)
    if not check:
        with crm.sessions.begin() as session:
            changed = credit_anew(session, period, rules=rules)
        click.echo(f"{changed} postings changed")
        return
    with crm.sessions() as session:
        proof = prove(session, period, rules=rules)
    currency = crm.storefront.facts().currency
    click.echo(
        f"{proof.orders} orders with goods for {money(proof.goods_minor, currency)}; recommendations are credited with "
        f"{money(proof.credited_minor, currency)} after refunds"
    )
    for difference in proof.differences:
        click.secho(f"  {difference}", fg="red")
    if proof.differences:
        click.echo("  `flask ecrm credit-recommendations FIRST LAST` puts these orders right.")
        raise SystemExit(1)
    click.echo("  every posting agrees to the cent")
