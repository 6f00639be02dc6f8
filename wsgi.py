"""The WSGI entry point: `flask --app wsgi …`, `gunicorn wsgi:app`, `waitress-serve wsgi:app`."""

from shop.app import create_app

app = create_app()
