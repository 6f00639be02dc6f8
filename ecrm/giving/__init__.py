"""Presents: which holidays come, until when one can order for them, and what somebody could give."""
