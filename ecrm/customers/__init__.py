"""What is known of a person: who they are, what they answered last time, what they did."""
