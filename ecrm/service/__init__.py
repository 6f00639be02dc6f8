"""Answering people: finding the right customer, fast and with a trace."""
