"""`flask ecrm rfm` and `flask ecrm clv`: work out what customers are worth, check it, and see how well it foretells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import func, select

from ecrm.installation import installation
from ecrm.wording import money

from .rfm import Group, group_name
from .worth import Worth
from .worth_book import bring_worth_up_to_date

SHOWN = 20


def add_to(group: AppGroup) -> None:
    """Add both commands."""
    group.add_command(rfm)
    group.add_command(clv)


@click.command("rfm")
@click.option("--check", is_flag=True, help="Change nothing: work everything out anew and say what differs.")
@with_appcontext
def rfm(check: bool) -> None:
    """Work out each customer's RFM group and expected revenue from orders and refunds."""
    if check:
        _check()
        return
    crm = installation()
    click.echo(str(bring_worth_up_to_date(crm, now=datetime.now(UTC))))
    with crm.sessions() as session:
        counted = session.execute(select(Worth.group, func.count()).group_by(Worth.group))
        sizes = {group: int(count) for group, count in counted}
    for one in (*Group, ""):
        if one in sizes:
            click.echo(f"{sizes[one]:>9}  {group_name(one)}")


def _check() -> None:
    from .valuing import differences, latest_run  # with it comes scipy, which a page never needs

    count = 0
    with installation().sessions() as session:
        run = latest_run(session)
        if run is None:
            raise click.ClickException("Nothing is worked out yet: run `flask ecrm rfm`.")
        for customer, column, stored, anew in differences(session):
            count += 1
            if count <= SHOWN:
                click.echo(f"customer {customer}: {column} is {stored}, by the orders it should be {anew}")
        click.echo(f"{run.customers} customers as of {run.as_of:%Y-%m-%d %H:%M} UTC, {count} differences.")
    if count:
        raise click.ClickException(
            "What is stored isn't what the orders say: since then, older orders were told or customers erased."
            " `flask ecrm rfm` works everything out anew."
        )


@click.command("clv")
@click.option("--days", default=90, type=click.IntRange(7, 730), show_default=True, help="Foretell so many days.")
@with_appcontext
def clv(days: int) -> None:
    """Say how well expected revenue would have foretold the last DAYS days of this shop."""
    from .clv_backtest import backtest
    from .valuing import DAY, figures, history

    now = datetime.now(UTC)
    crm = installation()
    with crm.sessions() as session:
        known = figures(session, now=now)
        orders = history(session, now=now, customers=len(known.ids))
    found = backtest(orders, end=now.timestamp() / DAY, days=float(days))
    if found is None:
        raise click.ClickException("Too few customers had ordered again by then: there is nothing to foretell from.")
    currency = crm.storefront.facts().currency
    expected, came, error, past = (
        money(round(minor), currency) for minor in (found.expected, found.came, found.error, found.past_error)
    )
    click.echo(
        f"{found.customers} customers as known {days} days ago ({now - timedelta(days=days):%Y-%m-%d}):\n"
        f"  expected {expected}, came {came}\n"
        f"  mean error a customer {error}; at each one's own past rate {past}\n"
        f"  {found.coverage:.0%} came within their interval, which promises {found.promised:.0%}"
    )
