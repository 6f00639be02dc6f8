"""Who buys and who works here: accounts, addresses, sign-ins and roles."""
