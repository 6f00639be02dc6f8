"""How bounces and complaints reach us: from a mailbox, from the mail server, or by a signed call."""
