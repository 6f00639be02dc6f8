"""`flask ecrm audience PRODUCT`: who should hear of a new product, and why."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from tracking.customers import Customer

from .access.audit import Action, at_command_line, record_look
from .installation import Installation, installation
from .training import shop_of

if TYPE_CHECKING:
    from recommender.hearing import Hearer


@click.command("audience")
@click.argument("product")
@click.option("-n", "--number", default=50, type=click.IntRange(1, 100_000), show_default=True, help="So many people.")
@with_appcontext
def audience(product: str, number: int) -> None:
    """List the customers who are most likely to buy PRODUCT (the shop's id), though nobody may have bought it yet.

    The list says who would like to hear of it, not who agreed to get advertising: that is for you to heed. It names
    people, so the audit keeps who asked for it.
    """
    from recommender.hearing import UnknownProduct, who_should_hear  # with it comes scipy, which a page never needs

    crm = installation()
    try:
        found = who_should_hear(crm.sessions, shop_of(crm), datetime.now(UTC), product=product, n=number)
    except UnknownProduct as error:
        raise click.ClickException(str(error)) from None
    if not found:
        click.echo("Nobody has bought anything yet, or everybody has this product or doesn't want to see it.")
        return
    lines = _lines(crm, found)
    with crm.sessions.begin() as session:
        record_look(
            session, at_command_line(), Action.RECOMMENDATIONS_READ,
            subject=f"product:{product}", reason="flask ecrm audience", now=datetime.now(UTC),
        )  # fmt: skip
    for line in lines:
        click.echo(line)


def _lines(crm: Installation, found: list[Hearer]) -> list[str]:
    people: dict[int, str] = {}
    with crm.sessions() as session:
        for start in range(0, len(found), 500):
            ids = [one.customer for one in found[start : start + 500]]
            for row in session.execute(select(Customer).where(Customer.id.in_(ids))).scalars():
                name = f"{row.first_name} {row.last_name}".strip()
                people[row.id] = f"{name} <{row.email}>" if name else row.email
    cards = crm.storefront.products(sorted({one.bought for one in found} - {""}))
    names = {card.product_id: card.name for card in cards}
    return [
        f"{one.customer}\t{people.get(one.customer, '')}\t"
        + (f"bought {names.get(one.bought, one.bought)}" if one.bought else "bought nothing like it")
        for one in found
    ]
