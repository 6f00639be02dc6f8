"""A visitor's way through the shop: events, sessions, searches and the daily figures made of them."""
