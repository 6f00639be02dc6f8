"""The cart of anyone, kept on the server, merged when its owner signs in."""
