"""Messages that people send to us."""
