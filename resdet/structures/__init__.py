"""All that crosses a seam: records, detections, boxes, classes."""
