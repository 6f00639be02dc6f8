"""`flask ecrm consent`: how many agreed to what, and whether what is kept is what the log says."""

from __future__ import annotations

import click
from flask.cli import AppGroup
from sqlalchemy import func, select

from mailer.consent import ConsentEntry, Subscription, Topic
from mailer.consent_check import differences
from mailer.contacts import Contact

from .installation import installation


def add_to(commands: AppGroup) -> None:
    """Add the command to `flask ecrm`."""
    commands.add_command(consent)


@click.command("consent")
@click.option("--check", is_flag=True, help="Work every contact's state out anew from the log; fail where one differs.")
def consent(check: bool) -> None:
    """Say how many agreed to what."""
    with installation().sessions() as session:
        if check:
            found = 0
            for difference in differences(session):
                found += 1
                click.echo(str(difference))
            contacts = session.scalar(select(func.count()).select_from(Contact))
            entries = session.scalar(select(func.count()).select_from(ConsentEntry))
            click.echo(f"{contacts} contacts, {entries} entries of the log: {found} differences.")
            if found:
                raise SystemExit(1)
            return
        wanted = select(Subscription.topic, func.count()).where(Subscription.wanted)
        free = wanted.join(Contact, Contact.id == Subscription.contact_id).where(Contact.blocked == 0)
        counts = {row[0]: row[1] for row in session.execute(free.group_by(Subscription.topic))}
        tracked = session.scalar(select(func.count()).select_from(Contact).where(Contact.tracking_allowed))
        blocked = session.scalar(select(func.count()).select_from(Contact).where(Contact.blocked > 0))
        for topic in Topic:
            click.echo(f"{topic.value:12} {counts.get(topic.value, 0)}")
        click.echo(f"{'tracking':12} {tracked}")
        click.echo(f"{'held back':12} {blocked}")
