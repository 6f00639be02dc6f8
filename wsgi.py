"""The WSGI entry point: `flask --app wsgi …`, `gunicorn wsgi:app`, `waitress-serve wsgi:app`."""

import click

from shop.app import create_app
from shop.config import BadConfiguration

try:
    app = create_app()
except BadConfiguration as problem:
    # On the command line this is the message and exit code 1, elsewhere the last line of what the server prints.
    raise click.ClickException(str(problem)) from None
