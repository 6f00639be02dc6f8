"""What is for sale: departments, categories, products, and how they are listed, found and pictured."""
