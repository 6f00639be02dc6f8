"""Segments: people who have something in common, asked of the database anew each time."""
