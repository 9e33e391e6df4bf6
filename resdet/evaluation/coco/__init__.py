"""COCO's average precision: its form, matching, scores."""
