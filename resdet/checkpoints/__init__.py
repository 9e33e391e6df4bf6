"""A detector's file: ours and detectron2's, and what must agree before one is loaded."""
