"""COCO-form JSON: found, read, checked, mended, written."""
