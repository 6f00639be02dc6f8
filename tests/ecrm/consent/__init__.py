"""Consent: the pages where people say and end it."""
