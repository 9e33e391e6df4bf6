"""Detectors that `resdet export` writes in every runtime that installs, against torch."""
