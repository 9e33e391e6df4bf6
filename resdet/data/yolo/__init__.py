"""YOLO's text labels: found, read, checked, written."""
