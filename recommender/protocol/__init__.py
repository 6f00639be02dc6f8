"""Public data and the one way in which this repository measures recommendations on them."""
