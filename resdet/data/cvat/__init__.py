"""CVAT's own XML, "CVAT for images 1.1": found, read, checked."""
