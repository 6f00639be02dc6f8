"""Opening the shop on existing sales: rows become products, customers and orders; a report says what was left out."""
