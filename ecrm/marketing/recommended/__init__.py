"""What recommendations earn: how often they were shown and clicked, and which orders they are credited with."""
