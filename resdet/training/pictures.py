"""Pictures by which a training is watched: the same few test images at every evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from backbones.images.decoding import read_image
from resdet.structures.records import Dataset, Detections, ImageRecord
from resdet.visualization.draw import draw_detections
from resdet.visualization.judged import draw_judged
from resdet.visualization.lettering import Image

THRESHOLD = 0.3  # of the scores drawn
_WIDEST = 1400  # pixels


def pictures(
    dataset: Dataset, found: Sequence[Detections], images: int
) -> Iterator[tuple[str, Image]]:
    """(name, picture) of `images` images spread over those with objects: truth and detections.

    As many of these as there are objects are drawn though a young detector is never sure of one.

    Shape: (H, W, 3) RGB.
    """
    by_id = {one.image_id: one for one in found}
    for record in chosen(dataset.records, images):
        one = by_id[record.image_id]
        image, truth = read_image(record.path, "BGR"), record.ground_truth
        count = max(np.count_nonzero(one.scores >= THRESHOLD), len(truth) if truth else 0)
        rows = np.argsort(-one.scores, kind="stable")[:count]
        columns = (one.boxes[rows], one.labels[rows], one.scores[rows])
        if truth is None:
            drawn = draw_detections(image, *columns, dataset.class_names)
        else:
            shown = Detections(record.image_id, *columns)
            drawn = draw_judged(
                image, truth, shown, dataset.class_names, title=record.path.name
            ).picture
        scale = min(1.0, _WIDEST / drawn.shape[1])
        small = cv2.resize(drawn, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        rgb = np.asarray(small, np.uint8)[:, :, ::-1]
        yield f"{dataset.name}/{record.path.stem}", np.ascontiguousarray(rgb)


def chosen(records: Sequence[ImageRecord], count: int) -> list[ImageRecord]:
    """Evenly spread over the images with objects; where there are none, over all."""
    full = [r for r in records if r.ground_truth is not None and len(r.ground_truth)]
    full = full or list(records)
    count = min(count, len(full))
    return [full[i * len(full) // count] for i in range(count)]
