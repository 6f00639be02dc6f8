"""What the public pages about consent share: none is kept by a cache, and no link travels on to another site."""

from __future__ import annotations

from flask import Response, render_template

from ecrm.service.lookup import masked
from mailer.contacts import Contact


def consent_page(template: str, *, status: int = 200, **context: object) -> Response:
    """A page of `ecrm/public/` in the shop's layout."""
    page = Response(render_template(f"ecrm/public/{template}", **context), status=status)
    page.headers["Cache-Control"] = "no-store"
    page.headers["Referrer-Policy"] = "strict-origin"  # CSRF over TLS asks for the origin
    page.headers["X-Robots-Tag"] = "noindex"
    return page


def masked_address(contact: Contact | None) -> str:
    """The address so that its owner knows it and nobody else learns it: e-mails are forwarded, links and all."""
    return masked(contact.address) if contact is not None and contact.address else ""
