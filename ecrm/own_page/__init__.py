"""The customer's own page: their orders, cases and reviews, what the shop knows of them, and what they may ask for."""
