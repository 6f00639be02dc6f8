"""Serving: from the trained arrays and what was done since, what a place of the shop shows. Knows numpy only."""

from .recommending import recommend as recommend
