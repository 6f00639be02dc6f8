"""Who may see what in the staff console, and the record of who looked at whom."""
