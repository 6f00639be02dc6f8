"""Serving: what a place of the shop shows."""
