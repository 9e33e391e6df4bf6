"""Two models side by side: the gain, and how sure it is."""
