"""The boxes that were drawn, counted and listed: a line, a table, COCO's results."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field, replace
from typing import Any

from resdet.evaluation.coco.results import file_entries
from resdet.structures.records import Detections, ImageId

COLUMNS = ("image", "class", "score", "x1", "y1", "x2", "y2")


@dataclass
class Drawn:
    """What was drawn in each image of those taken in; `kept`: the boxes too, not only their number.

    `best` is the highest score of all detections, drawn or not.
    """

    class_names: tuple[str, ...]
    category_ids: tuple[int, ...]
    kept: bool = True
    boxes: int = 0
    best: float | None = None
    images: list[tuple[str, Detections]] = field(default_factory=list)

    def take(self, image_id: ImageId, file: str, found: Detections, shown: Detections) -> None:
        """One image more, with all that was found in it and what of that is drawn."""
        self.boxes += len(shown)
        if len(found):
            self.best = max(float(found.scores.max()), self.best or 0.0)
        if self.kept:
            self.images.append((file, replace(shown, image_id=image_id)))

    def told(self, threshold: float) -> str:
        """The line at the end."""
        if self.boxes:
            return f"boxes: {self.boxes}, scores of at least {threshold:g}"
        if self.best is None:
            return "boxes: 0, nothing was found at any score"
        return f"boxes: 0 at --threshold {threshold:g}; the highest score found is {self.best:.3g}"

    def to_csv(self) -> str:
        """A line each. Unit: pixels to 0.01, scores to 0.0001."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        for file, one in self.images:
            columns = zip(one.labels.tolist(), one.scores.tolist(), one.boxes.tolist())
            for label, score, box in columns:
                corners = (f"{x:.2f}" for x in box)
                writer.writerow((file, self.class_names[label], f"{score:.4f}", *corners))
        return text.getvalue()

    def entries(self) -> list[dict[str, Any]]:
        """COCO's results, each with category_name and file_name."""
        ids, names = self.category_ids, self.class_names
        return [e for file, one in self.images for e in file_entries(one, file, ids, names)]
