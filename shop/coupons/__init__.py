"""Coupons: codes that take money off a cart."""
