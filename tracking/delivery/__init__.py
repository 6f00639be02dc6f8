"""A shipment's way to the door: shipments and their scans."""
