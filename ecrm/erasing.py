"""`flask ecrm erase`: forgetting somebody — their steps, and whatever is kept of their mailbox.

Orders, refunds and the account are the shop's records: it decides how long the law wants them.
"""

from __future__ import annotations

from datetime import UTC, datetime

import click
from flask.cli import AppGroup, with_appcontext

from mailer import engagement, mailings, waitlists
from mailer.erasure import ErasedMail, Forget, erase_mailbox, erase_unanswered
from mailer.flows import entry
from tracking.clickstream.owning import NotOurs
from tracking.customers import customers_by_email

from . import keeping
from .access import audit
from .customers import lists
from .installation import Installation, installation
from .mailboxes import address_hash
from .storefront import Staff

FORGET: tuple[Forget, ...] = (
    waitlists.forget, engagement.forget, entry.forget, lists.forget, mailings.forget,
)  # fmt: skip
"""Whoever keeps something of a contact adds a function here; a test looks through the whole database afterwards."""


def erase_mail(crm: Installation, email: str, *, reason: str, staff: Staff) -> ErasedMail:
    """Empty everything that is kept of a mailbox, and write down who asked.

    Raises:
        NotErasable: where nothing is known of it.
    """
    now = datetime.now(UTC)
    with crm.sessions.begin() as session:
        customers = [one.id for one in customers_by_email(session, email)]
        done = erase_mailbox(session, email, customers=customers, hashed=address_hash(crm.app), forget=FORGET, now=now)
        if done is None:
            raise keeping.NotErasable("No e-mail and no consent is kept of this address.")
        audit.record(session, staff, audit.Action.MAILBOX_ERASED, reason=reason, now=now)
    return done


def forget_unconfirmed(crm: Installation) -> int:
    """Forget addresses that somebody typed and nobody confirmed within a month; says how many."""
    with crm.sessions.begin() as session:
        return erase_unanswered(session, hashed=address_hash(crm.app), forget=FORGET, now=datetime.now(UTC))


def add_to(commands: AppGroup) -> None:
    """Add the command to `flask ecrm`."""
    commands.add_command(erase)


@click.command("erase")
@click.argument("email")
@click.option("--reason", required=True, help="Why; it is kept in the audit.")
@click.option("--yes", is_flag=True, help="Don't ask; it can't be undone.")
@with_appcontext
def erase(email: str, reason: str, yes: bool) -> None:
    """Forget the steps, e-mails, consents and lists of EMAIL; a hash keeps a suppressed mailbox suppressed."""
    if not yes:
        click.confirm(f"Erase everything that {email} did and agreed to? This can't be undone.", abort=True)
    crm, staff, refusals = installation(), audit.at_command_line(), []
    for part in (keeping.erase_events, erase_mail):
        try:
            click.echo(str(part(crm, email, reason=reason, staff=staff)))
        except keeping.NotErasable as nothing:
            refusals.append(str(nothing))
        except NotOurs as error:
            raise click.ClickException(str(error)) from None
    if len(refusals) == 2 or any("owed" in words for words in refusals):
        raise click.ClickException(" ".join(refusals))
