"""Returns: the customer's page, the label, the letters, and what their reasons say."""
