"""The staff area: products, orders and parcels."""
