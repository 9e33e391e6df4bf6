"""Training of a detector with any engine, and what a run leaves."""
