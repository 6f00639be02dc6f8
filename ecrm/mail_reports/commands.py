"""`flask ecrm intake | take-report`: what comes in by mail, from the command line."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import BinaryIO

import click
from flask.cli import AppGroup, with_appcontext

from ecrm.installation import installation
from ecrm.service.desk_addresses import desk_addresses

from .intake import serve
from .mailbox import NotInstalled
from .taking import take_message


def add_to(commands: AppGroup) -> None:
    """Add these commands to `flask ecrm`."""
    for command in (intake, take_report):
        commands.add_command(command)


@click.command("intake")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8024, show_default=True)
@click.option("--smtp", is_flag=True, help="Speak SMTP instead of LMTP.")
@with_appcontext
def intake(host: str, port: int, smtp: bool) -> None:
    """Take bounces, complaints and letters to the desk from the mail server, by LMTP, until stopped."""
    crm = installation()
    address = crm.app.config["ECRM_MAIL_RETURN_PATH"] or crm.storefront.facts().sender
    try:
        server = serve(crm, address=address, host=host, port=port, lmtp=not smtp)
    except (NotInstalled, OSError) as problem:
        raise click.ClickException(str(problem)) from None
    desk = [one.address for one in desk_addresses(crm.app.config)]
    letters = f" and letters to {', '.join(desk)}" if desk else ""
    click.echo(f"Taking reports for {address}{letters} at {host}:{port}. Stop with Ctrl-C.")
    try:
        threading.Event().wait()
    finally:
        server.stop()


@click.command("take-report")
@click.argument("file", type=click.File("rb"))
@with_appcontext
def take_report(file: BinaryIO) -> None:
    """Take one message that came in from FILE (- for the standard input): for a mail server's pipe."""
    done = take_message(installation(), file.read(), source="intake", now=datetime.now(UTC))
    click.echo(", ".join(done) or "no report about an e-mail of ours")
