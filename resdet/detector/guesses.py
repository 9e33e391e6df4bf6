"""What a localiser guesses of CLS-LOC's images: up to five classes each, and where they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

import backbones
from backbones.terminal.progress import tracked
from resdet.detector.inference import TorchDetector
from resdet.detector.localise import localise
from resdet.evaluation.detection_table import DetectionTable
from resdet.structures.records import Dataset, ImageId

ORACLE, OWN = "oracle", "own"  # whose classes: the true ones, the localiser's; else a classifier's

Named = dict[ImageId, list[tuple[int, float]]]  # labels, the surest first, and how sure


def guesses(
    detector: TorchDetector,
    dataset: Dataset,
    by: str,
    sizes: Sequence[int] = (),
    *,
    crop: bool = False,
) -> DetectionTable:
    """By the classes of `by`: ORACLE, OWN, or a classifier's file.

    `sizes`, `crop`: see `localise`; own classes are of whole images at the size of the test.
    Raises: ValueError for a detector that is no localiser, or a classifier of other classes.
    """
    if by == OWN:
        found = detector.predict_records(dataset.records)
        return DetectionTable.of(tracked(found, "localising", len(dataset)))
    named = _true(dataset) if by == ORACLE else _classified(dataset, by, detector)
    classes = {image_id: [label for label, _ in of_one] for image_id, of_one in named.items()}
    found = localise(detector, dataset.records, classes, sizes, crop=crop)
    return DetectionTable.of(
        replace(one, scores=np.array([sure for _, sure in named[one.image_id]]))
        for one in tracked(found, "localising", len(dataset))
    )


def _true(dataset: Dataset) -> Named:
    return {
        record.image_id: [(label, 1.0) for label in sorted({*record.ground_truth.labels.tolist()})]
        for record in dataset.records
        if record.ground_truth
    }


def _classified(dataset: Dataset, file: str, detector: TorchDetector) -> Named:
    classifier = backbones.load(file, device=next(detector.model.parameters()).device)
    label = {name: at for at, name in enumerate(dataset.class_names)}
    if {*classifier.class_names} != {*label}:
        raise ValueError(
            f"--by must be of the data's classes ({', '.join(list(label)[:3])}, ...), got a "
            f"classifier of {', '.join(classifier.class_names[:3])}, ...; train one on the folders "
            "of Data/CLS-LOC"
        )
    found = classifier([record.path for record in dataset.records])
    return {
        record.image_id: [(label[guess.name], guess.probability) for guess in of_one]
        for record, of_one in zip(dataset.records, found, strict=True)
    }
