"""`flask ecrm erase`: forgetting somebody — their steps, and whatever is kept of their mailbox.

Orders, refunds and the account are the shop's records: it decides how long the law wants them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import click
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.orm import Session

from mailer import engagement, mailings, waitlists
from mailer.erasure import (
    ErasedMail,
    Forget,
    erase_mailbox,
    erase_unanswered,
    forget_requests,
    take_mailboxes,
    unanswered,
)
from mailer.flows import entry
from mailer.mailboxes import contact_by_address, contacts_of_customer
from tracking.clickstream.owning import NotOurs
from tracking.customers import customer_by_email, customers_by_email
from tracking.delivery import returns

from . import keeping
from .access import audit
from .customers import checkout_memory, lists, recall
from .installation import Installation, installation
from .mailboxes import address_hash
from .service import calls, cases, inbound_mail, notes, offers_shown, relationship, units, warranty
from .storefront import Staff
from .voice import questions, reviews

FORGET: tuple[Forget, ...] = (
    waitlists.forget, engagement.forget, entry.forget, lists.forget, mailings.forget, questions.forget_contact,
)  # fmt: skip
"""Whoever keeps something of a contact adds a function here; a test looks through the whole database afterwards."""


FORGET_CUSTOMER: tuple[Callable[[Session, int], int], ...] = (
    checkout_memory.forget, reviews.forget_author, relationship.forget, questions.forget_customer,
    returns.forget,
    notes.forget, offers_shown.forget, units.forget, warranty.forget,
)  # fmt: skip
"""Whoever keeps something of a customer that is neither a step nor an e-mail adds a function here; it gets the
customer's id and returns how many rows it emptied."""


def erase_mail(crm: Installation, email: str, *, reason: str, staff: Staff) -> ErasedMail:
    """Empty everything that is kept of a mailbox and of the others of whoever owns it, and write down who asked.

    Raises:
        NotErasable: where nothing is known of it.
    """
    now = datetime.now(UTC)
    with crm.sessions.begin() as session:
        customers = [one.id for one in customers_by_email(session, email)]
        hashed = address_hash(crm.app)
        mailboxes = _mailboxes(session, email)
        take_mailboxes(session, mailboxes, customers=customers)
        erased = [
            erase_mailbox(session, address, customers=customers, hashed=hashed, forget=FORGET, now=now)
            for address in mailboxes
        ]
        emptied = sum(forget(session, customer) for customer in customers for forget in FORGET_CUSTOMER)
        for address in mailboxes:
            recall.forget_address(session, address)
        rang = calls.forget_person(session, customers, country=crm.storefront.facts().country)
        letters = inbound_mail.forget_person(session, customers=customers, addresses=mailboxes)
        told = cases.forget_person(session, customers=customers, addresses=mailboxes, now=now)
        if not any(erased) and not emptied and not told and not letters and not rang:
            raise keeping.NotErasable("No e-mail, no case and no consent is kept of this address.")
        audit.record(session, staff, audit.Action.MAILBOX_ERASED, reason=reason, now=now)
    done = [one for one in erased if one is not None]
    return ErasedMail(sum(one.emails for one in done), sum(one.hashes for one in done), told)


def _mailboxes(session: Session, email: str) -> list[str]:
    """This one, and the others of whoever owns it; where nobody does, of those who say that it is theirs. In the order
    in which everybody locks contacts."""
    owner = customer_by_email(session, email)
    people = [owner] if owner is not None else customers_by_email(session, email)
    contacts = {contact.id: contact for one in people for contact in contacts_of_customer(session, one.id)}
    if (own := contact_by_address(session, email)) is not None:
        contacts[own.id] = own
    return [contacts[one].address for one in sorted(contacts)] or [email]


def forget_unconfirmed(crm: Installation) -> int:
    """Forget addresses that somebody typed and nobody confirmed within a month; says how many.

    In a transaction each: a program may have typed thousands, and the outbox must not stand still for them.
    """
    now, hashed = datetime.now(UTC), address_hash(crm.app)
    with crm.sessions() as session:
        waiting = unanswered(session, now=now)
    forgotten = 0
    for contact_id in waiting:
        with crm.sessions.begin() as session:
            forgotten += erase_unanswered(session, contact_id, hashed=hashed, forget=FORGET, now=now)
    with crm.sessions.begin() as session:
        forget_requests(session, now=now)
    return forgotten


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
