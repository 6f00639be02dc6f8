"""What shoppers wait for: they ask on a product's page, and are told when it came true and pieces are left for them."""
