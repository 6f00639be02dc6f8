"""How people are reached: lines of an address, countries, postcodes, e-mail addresses, phone numbers."""
