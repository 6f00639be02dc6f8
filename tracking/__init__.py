"""What was seen to happen: visitors and customers, their events and orders, and parcels on their way."""
