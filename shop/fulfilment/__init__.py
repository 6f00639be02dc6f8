"""Getting the goods to the door: parcels and delivery methods."""
