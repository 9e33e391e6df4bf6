"""What became of every detection: matched once, and every number afterwards is arithmetic on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backbones.terminal.wording import count
from resdet.evaluation.average_precision import (
    average_precision,
    mean_known,
    threshold_key,
)
from resdet.evaluation.detection_table import Float64Array
from resdet.evaluation.rules import Rules
from resdet.structures.records import BoolArray, ImageId, Int64Array, count_objects

ClassAPs = Mapping[str, Mapping[str, float | None]]  # of each class, by threshold

TRUE_POSITIVE, IGNORED, FALSE_POSITIVE = 1, 0, -1


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
        """{class: {threshold: AP}}; None where it is undefined."""
        positives = self.num_positives
        return {
            self.class_names[label]: {
                key: self._class_ap(row, self.scores[rows], int(positives[label]), metric)
                for key, row in zip(self.keys, self.verdicts[:, rows])
            }
            for label, rows in self.rows_of_classes()
        }

    def _class_ap(
        self, verdicts: NDArray[np.int8], scores: Float64Array, positives: int, metric: str
    ) -> float | None:
        if not positives:
            return self.ap_without_objects(len(verdicts), metric)
        if self.rules.ties in ("true-first", "false-first"):
            first = -verdicts if self.rules.ties == "true-first" else verdicts
            verdicts = verdicts[np.lexsort((first, -scores))]
        hits = verdicts[verdicts != IGNORED] == TRUE_POSITIVE
        return average_precision(hits, positives, metric, self.rules.recall)

    def ap_without_objects(self, detections: int, metric: str) -> float | None:
        """Of a class that has none: None where it does not count or is 0 / 0, else 0."""
        mean = self.rules.mean
        if mean == "objects" or (mean == "seen" and not detections):
            return None
        return None if mean == "listed-nan" and detections and metric == "area" else 0.0

    def mean(self, per_class: ClassAPs) -> dict[str, float | None]:
        """{class: {threshold: AP}} -> {threshold: mean over the classes that count}."""
        nan = self.rules.mean == "listed-nan"
        columns = {key: [aps[key] for aps in per_class.values()] for key in self.keys}
        empty = 0.0 if self.rules.nothing_is_0 else None
        return {
            key: None if nan and None in aps else mean_known(aps, empty)
            for key, aps in columns.items()
        }

    @property
    def classes_in_mean(self) -> int:
        """Over how many classes a mean is taken."""
        counted = self.num_positives > 0
        if self.rules.mean == "seen":
            counted |= np.bincount(self.labels, minlength=len(counted)) > 0
        listed = self.rules.mean in ("listed", "listed-nan")
        return len(counted) if listed else int(np.count_nonzero(counted))
