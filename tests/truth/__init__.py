"""Random small shops, recounted from what went in: every number that a report shows must be the same."""
