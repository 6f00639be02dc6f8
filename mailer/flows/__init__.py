"""Flows: series of e-mails that a deed or a day of a person sets going. The engine, and a file a flow."""
