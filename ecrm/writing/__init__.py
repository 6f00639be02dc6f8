"""Writing: the words of marketing e-mails, found just before they are sent."""
