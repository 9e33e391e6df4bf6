"""Detectors in files that run without this package; the command is `resdet export`."""
