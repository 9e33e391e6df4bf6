"""A classifier in a file that runs elsewhere."""
