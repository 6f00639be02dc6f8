"""What people agree to get by e-mail, where they say so, and how they end it."""
