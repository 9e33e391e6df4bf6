"""COCO's average precision: ground truth, results, matching, scores."""
