"""Annotation tools, each in an environment of its own, against what we read and write."""
