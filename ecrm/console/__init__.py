"""The staff console: one view module an area, all on one blueprint, in a dress of its own."""
