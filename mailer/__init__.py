"""What is written, to whom, when, and proof of what became of it."""
