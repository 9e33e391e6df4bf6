"""What became of every detection: matched once, and every number afterwards is arithmetic on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from backbones.terminal.wording import count
from resdet.evaluation.average_precision import (
    average_precision,
    mean_known,
    threshold_key,
)
from resdet.evaluation.detection_table import Float64Array
from resdet.evaluation.ranking import Recall
from resdet.structures.records import BoolArray, ImageId, Int64Array, count_objects

IouRule = Literal["ge", "gt"]

TRUE_POSITIVE, IGNORED, FALSE_POSITIVE = 1, 0, -1


@dataclass(frozen=True)
class Rules:
    """The conventions on which tools differ; they stand beside every number.

    `iou`: an overlap of the threshold itself matches ("ge") or not ("gt"). `ties`: equal scores
    keep the order in which they were read ("stable"), or that of numpy's unstable sort ("numpy").
    `recall`: see `average_precision`. `score_decimals`, `box_decimals`: rounding before matching.
    """

    kind: Literal["voc", "coco"]
    iou: IouRule = "ge"
    ties: Literal["stable", "numpy"] = "stable"
    recall: Recall = "exact"
    score_decimals: int | None = None
    box_decimals: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """The fields for JSON, `iou` as "iou_rule"."""
        fields = asdict(self)
        return {"iou_rule": fields.pop("iou"), **fields}


DEVKIT = Rules("voc")
DETECTRON2 = Rules("voc", "gt", "numpy", "float", score_decimals=3, box_decimals=1)
COCO = Rules("coco")
VOC_RULES: Mapping[str, Rules] = {"devkit": DEVKIT, "detectron2": DETECTRON2}


@dataclass(frozen=True)
class Objects:
    """The ground truth of all images as columns.

    Shape: images, labels, ignored (M,); boxes (M, 4) xyxy. `ignored`: difficult or a crowd;
    finding it is neither right nor wrong.
    Unit: pixels, continuous, 0-based; `images` indexes the image ids of the `Matches`.
    """

    images: Int64Array
    labels: Int64Array
    boxes: Float64Array
    ignored: BoolArray

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Matches:
    """Detections and their verdicts; rows by class, then by falling score.

    Shape: images, labels, scores (N,); boxes (N, 4); verdicts (T, N) of TRUE_POSITIVE, IGNORED
    or FALSE_POSITIVE; objects (T, N), the row in `truth` that a detection found or was excused
    by, -1 for false positives.
    """

    rules: Rules
    class_names: tuple[str, ...]
    thresholds: tuple[float, ...]
    image_ids: tuple[ImageId, ...]
    images: Int64Array
    labels: Int64Array
    scores: Float64Array
    boxes: Float64Array
    verdicts: NDArray[np.int8]
    objects: NDArray[np.int32]
    truth: Objects

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def num_positives(self) -> Int64Array:
        """(K,) objects of each class that must be found."""
        required = self.truth.labels[~self.truth.ignored]
        return np.bincount(required, minlength=len(self.class_names))

    @property
    def told(self) -> str:
        """Images and objects that there are, ignored ones too."""
        what = "difficult" if self.rules.kind == "voc" else "a crowd or difficult"
        objects = count_objects(len(self.truth), int(self.truth.ignored.sum()), what)
        return f"{count(len(self.image_ids), 'image')}, {objects}"

    @property
    def keys(self) -> tuple[str, ...]:
        """The thresholds as they stand in JSON: "0.50"."""
        return tuple(map(threshold_key, self.thresholds))

    def rows_of_classes(self) -> Iterator[tuple[int, slice]]:
        """(label, its rows) of every class."""
        bounds = np.searchsorted(self.labels, np.arange(len(self.class_names) + 1))
        for label in range(len(self.class_names)):
            yield label, slice(int(bounds[label]), int(bounds[label + 1]))

    def average_precisions(self, metric: str) -> dict[str, dict[str, float | None]]:
        """{class: {threshold: AP}}; None for a class without objects."""
        positives, keys = self.num_positives, self.keys
        return {
            self.class_names[label]: {
                key: average_precision(
                    row[row != IGNORED] == TRUE_POSITIVE,
                    int(positives[label]),
                    metric,
                    self.rules.recall,
                )
                for key, row in zip(keys, self.verdicts[:, rows])
            }
            for label, rows in self.rows_of_classes()
        }


def mean_average_precisions(
    per_class: Mapping[str, Mapping[str, float | None]],
) -> dict[str, float | None]:
    """{class: {threshold: AP}} -> {threshold: mean over the classes that have objects}."""
    keys = next(iter(per_class.values()), {})
    return {key: mean_known(aps[key] for aps in per_class.values()) for key in keys}
