"""What the paper measured, to stand beside what we measure. Fractions, as all of our results."""

from __future__ import annotations

# Source: He et al. 2016, Table 7 (PASCAL VOC, baseline Faster R-CNN, mAP at IoU 0.5)
TABLE_7 = {
    "voc0712_vgg16": {"mAP@0.50": 0.732},
    "voc0712_r101": {"mAP@0.50": 0.764},
    "voc07pp12_vgg16": {"mAP@0.50": 0.704},
    "voc07pp12_r101": {"mAP@0.50": 0.738},
}

# Source: He et al. 2016, Table 8 (COCO validation set, baseline Faster R-CNN)
TABLE_8 = {
    "coco_vgg16": {"AP50": 0.415, "AP": 0.212},
    "coco_r101": {"AP50": 0.484, "AP": 0.272},
}


def paper_values(config_name: str) -> dict[str, float]:
    """The paper's row for a config by its bare name; empty where the paper has none."""
    return {**TABLE_7, **TABLE_8}.get(config_name, {})
