"""Synthetic data: shapes drawn on noise, in VOC's form and COCO's."""
