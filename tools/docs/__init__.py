"""Who imports whom, read from the source and drawn: docs/architecture.svg."""
