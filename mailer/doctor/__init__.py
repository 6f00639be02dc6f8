"""Whether the world believes that our e-mails are ours: what DNS and the mail server say, and what to do about it."""
