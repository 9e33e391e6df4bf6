"""What the paper measured, to stand beside what we measure. Fractions, as all of our results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from resdet.evaluation.measures import Measure

PaperRows = Mapping[str, tuple[float, float]]

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

# Source: He et al. 2016, Table 9 (COCO: val, and test-dev of detectors of trainval), by config and
# what it is tested with
TABLE_9 = {
    "coco2014_r101-refine": {"AP50": 0.499, "AP": 0.299},
    "coco2014_r101_context": {"AP50": 0.511, "AP": 0.300},
    "coco2014_r101_context-maxout_sizes": {"AP50": 0.538, "AP": 0.325},
    "coco2014_trainval_r101_context": {"AP50": 0.533, "AP": 0.322},
    "coco2014_trainval_r101_context-maxout_sizes": {"AP50": 0.557, "AP": 0.349},
    "coco2014_trainval_r101_context-maxout_sizes-ensemble": {"AP50": 0.590, "AP": 0.374},
}

# Source: He et al. 2016, Tables 10 and 11 (PASCAL VOC, baseline+++)
TABLES_10_11 = {
    "voc0712_r101_coco": {"mAP@0.50": 0.856},
    "voc07pp12_r101_coco": {"mAP@0.50": 0.838},
}

# Source: He et al. 2016, Table 12 (ImageNet DET, val2, one model)
TABLE_12 = {"imagenet_det_r101": {"mAP@0.50": 0.605}}

# Source: He et al. 2016, Table 13 (CLS-LOC val, errors in percent, by whose classes)
TABLE_13 = {
    "imagenet_loc_r101": {"oracle, 1-crop": 13.3, "oracle": 11.7, "ResNet-101": 14.4},
    "imagenet_loc_rcnn_r101": {"ResNet-101": 10.6},
}

# of two networks on the same data, of COCO the paper's split as well as that of 2017
_PAIRED = {**TABLE_7, **{f"coco2014{k[4:]}": v for k, v in TABLE_8.items()}, **TABLE_8}
_OTHERS = {**TABLE_9, **TABLES_10_11, **TABLE_12, **TABLE_13}


def paper_values(config_name: str) -> dict[str, float]:
    """The paper's row for a config by its bare name; empty where the paper has none."""
    return {**_PAIRED, **_OTHERS}.get(config_name, {})


def paper_pairs(config_name: str, measured: Iterable[Measure]) -> PaperRows:
    """By measure: VGG-16 and ResNet-101 of the training data of either config.

    Raises: ValueError listing the configs that the paper has, or the measures of the paper and
        those of the results where none is in both.
    """
    if config_name not in _PAIRED:
        known = ", ".join(_PAIRED)
        raise ValueError(f"config of the paper must be one of {known}, got {config_name!r}")
    pairs, means = _pairs(config_name), _means(measured)
    if not pairs.keys() & means.keys():
        raise ValueError(
            f"results must have {' or '.join(pairs)} to stand beside the paper's {config_name}, "
            f"got {', '.join(means)}; name a config of that measure, or none"
        )
    return pairs


def known_pairs(baseline: str | None, other: str | None, measured: Iterable[Measure]) -> PaperRows:
    """The paper's rows where the two configs are VGG-16 and ResNet-101 of one training set.

    Empty where the paper measured something else.
    """
    data = (baseline or "").removesuffix("_vgg16")
    if not other or baseline != f"{data}_vgg16" or other != f"{data}_r101":
        return {}
    pairs = _pairs(other) if other in _PAIRED else {}
    return pairs if pairs.keys() & _means(measured).keys() else {}


def _pairs(config_name: str) -> PaperRows:
    data = config_name.rpartition("_")[0]
    first, second = paper_values(f"{data}_vgg16"), paper_values(f"{data}_r101")
    return {name: (first[name], second[name]) for name in first}


def _means(measured: Iterable[Measure]) -> dict[str, None]:
    """The names of what is no class, in their order."""
    return {measure.name: None for measure in measured if measure.class_index is None}
