"""How mail comes in: from a mailbox, from the mail server, or by a signed call. Reports first, then letters."""
