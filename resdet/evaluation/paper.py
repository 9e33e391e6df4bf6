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


def paper_pairs(config_name: str) -> dict[str, tuple[float, float]]:
    """By measure: VGG-16 and ResNet-101 of the training data of either config.

    Raises: ValueError listing the configs that the paper has.
    """
    if not paper_values(config_name):
        known = ", ".join([*TABLE_7, *TABLE_8])
        raise ValueError(f"config of the paper must be one of {known}, got {config_name!r}")
    data = config_name.rpartition("_")[0]
    first, second = paper_values(f"{data}_vgg16"), paper_values(f"{data}_r101")
    return {name: (first[name], second[name]) for name in first}


def known_pairs(baseline: str | None, other: str | None) -> dict[str, tuple[float, float]]:
    """The paper's rows where the two configs are VGG-16 and ResNet-101 of one training set."""
    data = (baseline or "").removesuffix("_vgg16")
    known = baseline == f"{data}_vgg16" and other == f"{data}_r101" and paper_values(other)
    return paper_pairs(other) if other and known else {}
