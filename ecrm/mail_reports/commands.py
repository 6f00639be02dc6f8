"""`flask ecrm intake | take-report`: bounces and complaints from the command line."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import BinaryIO

import click
from flask.cli import AppGroup, with_appcontext

from ecrm.installation import installation

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
    """Take bounces and complaints from the mail server, by LMTP, until stopped."""
    crm = installation()
    address = crm.app.config["ECRM_MAIL_RETURN_PATH"] or crm.storefront.facts().sender
    try:
        server = serve(crm, address=address, host=host, port=port, lmtp=not smtp)
    except (NotInstalled, OSError) as problem:
        raise click.ClickException(str(problem)) from None
    click.echo(f"Taking reports for {address} at {host}:{port}. Stop with Ctrl-C.")
    try:
        threading.Event().wait()
    finally:
        server.stop()


@click.command("take-report")
@click.argument("file", type=click.File("rb"))
@with_appcontext
def take_report(file: BinaryIO) -> None:
    """Take one message that came back from FILE (- for the standard input): for a mail server's pipe."""
    done = take_message(installation(), file.read(), source="intake", now=datetime.now(UTC))
    click.echo(", ".join(done) or "no report about an e-mail of ours")
