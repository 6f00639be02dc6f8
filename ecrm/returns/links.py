"""The link to an order's returns: whoever holds it may ask to send something back. It stands on the order's own page,
which only its owner and its signed link open, and in letters to the customer."""

from __future__ import annotations

from ecrm.mail_links import Purpose, mail_keys


def return_token(order_reference: str) -> str:
    """The order's number, signed; good after a change of the secret, too, while the host's fallbacks name it."""
    return mail_keys().sign(Purpose.RETURNS, *order_reference.split("|"))


def order_of_token(token: str) -> str:
    """The order's number; empty for a token that we didn't sign."""
    parts = mail_keys().read(Purpose.RETURNS, token)
    return "|".join(parts or ())
