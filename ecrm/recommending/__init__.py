"""Recommendations as a shop's pages, letters and desks meet them: who asks, what is shown, why, and what they say."""
