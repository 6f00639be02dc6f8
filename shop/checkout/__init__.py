"""From a cart to an order: details, delivery, payment, and placing it exactly once."""
