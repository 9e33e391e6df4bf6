"""Weights at rest: our checkpoint, and the files and names of others."""
