"""`flask ecrm gifts` and `flask ecrm replenish`: gift ideas of sampled customers, and how well habits are foretold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import click
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import Session

from ecrm.installation import Installation, installation
from ecrm.letters import shop_context
from ecrm.storefront import catalogue_of, pieces_of
from ecrm.whereabouts import places_of
from ecrm.wording import day as in_words
from ecrm.wording import money
from mailer.calendar import Place
from mailer.giving_days import CODES
from recommender.gift_words import Circle
from recommender.gifts import Giver
from tracking.customers import Customer
from tracking.orders import SeenOrder

from .days import coming
from .ideas import Shown, ideas_for
from .words import holiday_name, list_title


def add_to(commands: AppGroup) -> None:
    """Add these commands to `flask ecrm`."""
    commands.add_command(gifts)
    commands.add_command(replenish)


@click.command("gifts")
@click.option("--sample", default=20, show_default=True, type=click.IntRange(1, 10_000), help="So many customers.")
@click.option("--holiday", default="easter", show_default=True, type=click.Choice(CODES))
@click.option("--seed", default=1, show_default=True, help="Draws the same customers each time.")
@with_appcontext
def gifts(sample: int, holiday: str, seed: int) -> None:
    """Print gift ideas for the families and the colleagues of sampled customers, and check them."""
    crm, now = installation(), datetime.now(UTC)
    home = crm.storefront.facts().country
    with crm.sessions() as session:
        ids = list(session.scalars(select(SeenOrder.customer_id).distinct().order_by(SeenOrder.customer_id)))
        if not ids:
            raise click.ClickException("Nobody has ordered yet: there is nobody to find ideas for.")
        drawn = sorted(Random(seed).sample(ids, min(sample, len(ids))))  # noqa: S311 (a sample, no secret)
        places = places_of(session, drawn, home=home)
        _calendar(crm, session, Place(home), holiday, now)
        problems: list[str] = []
        for customer_id in drawn:
            customer = session.get_one(Customer, customer_id)
            place = places.get(customer_id, Place(home))
            giver, lists = ideas_for(crm, session, customer, holiday=holiday, place=place, now=now)
            _print(customer, lists)
            problems += _check(crm, customer, giver, lists)
    click.echo(f"\n{len(drawn)} customers looked at.")
    for problem in problems:
        click.echo(f"WRONG: {problem}")
    if problems:
        raise SystemExit(1)
    click.echo("All ideas are in stock, none is owned, and no family's list is like the colleagues'.")


def _calendar(crm: Installation, session: Session, place: Place, holiday: str, now: datetime) -> None:
    year = timedelta(days=366)
    found = [one for one in coming(crm, session, place, since=now.date(), now=now, ahead=year) if one.code == holiday]
    for one in found[:1]:
        late = one.lateness
        order = f"order by {in_words(one.order_by)}" if one.order_by else "too late to order"
        click.echo(
            f"{one.name} in {place.country}: {in_words(one.day)}, {order} (nine of ten deliveries come at most "
            f"{late.days} days late; {late.known} deliveries known there, {late.of_shop} in the shop)"
        )
    if not found:
        click.echo(f"{holiday_name(holiday)} doesn't lie within the next months in {place.country}.")


def _print(customer: Customer, lists: dict[Circle, list[Shown]]) -> None:
    traits = ", ".join(f"{name} {value}" for name, value in sorted(customer.traits.items())) or "nothing known"
    click.echo(f"\n{customer.first_name} {customer.last_name} (#{customer.id}; {traits})")
    for circle, ideas in lists.items():
        click.echo(f"  {list_title(circle)}")
        for one in ideas:
            price = money(one.card.price_minor, one.card.currency)
            click.echo(f"    {one.card.name} ({one.card.category}, {price}): {one.why}")


def _check(crm: Installation, customer: Customer, giver: Giver, lists: dict[Circle, list[Shown]]) -> list[str]:
    family, colleagues = (
        {one.idea.product for one in lists.get(circle, ())} for circle in (Circle.FAMILY, Circle.COLLEAGUES)
    )
    with shop_context(crm):
        pieces = pieces_of(crm.storefront, sorted(family | colleagues))
    wrong = [f"#{customer.id}: {one} is sold out" for one in sorted(family | colleagues) if pieces.get(one, 0) < 1]
    wrong += [f"#{customer.id}: {one} is owned" for one in sorted((family | colleagues) & set(giver.bought))]
    if not family or not colleagues:
        wrong.append(f"#{customer.id}: a list is empty")
    if family & colleagues:
        wrong.append(f"#{customer.id}: both lists show {', '.join(sorted(family & colleagues))}")
    return wrong


@click.command("replenish")
@click.option("--weeks", default=8, show_default=True, type=click.IntRange(1, 52), help="Foretell the last so many.")
@click.option("--times", default=4, show_default=True, type=click.IntRange(2, 50), help="Habits of so many purchases.")
@with_appcontext
def replenish(weeks: int, times: int) -> None:
    """Say how often what was foretold for a week was bought in that week, beside simpler ways to foretell it."""
    from recommender.replenishing_backtest import backtest  # with it comes numpy

    crm = installation()
    known = {one.product_id: one.category for one in catalogue_of(crm.storefront)}
    with crm.sessions() as session:
        last = session.scalar(select(SeenOrder.placed_at).order_by(SeenOrder.placed_at.desc()).limit(1))
        if last is None:
            raise click.ClickException("Nobody has ordered yet: there is no habit to foretell.")
        found = backtest(session, known, end=last + timedelta(seconds=1), weeks=weeks, least_times=times)
    click.echo(f"{weeks} weeks, habits of {times} or more purchases; foretold for a week and bought in it:")
    for one in found:
        click.echo(f"  {one.name:34} {one.foretold:8} foretold {one.bought:8} bought {one.share:7.1%}")
