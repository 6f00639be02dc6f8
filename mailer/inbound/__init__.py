"""Reading what people write to us: raw bytes become an `Inbound` with safe text, safe HTML and named attachments.

Plain Python: nothing here knows a database, a case or a mailbox. `reading.read` is the one way in, and it never raises.
"""
