"""Other libraries at the same task."""
