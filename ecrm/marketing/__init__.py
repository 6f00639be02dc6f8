"""What the shop's figures say."""
