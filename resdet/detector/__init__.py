"""A trained detector at work: built, loaded, run."""
