"""The first images of a runtime are torch's, or the work stops with the image's name."""

from __future__ import annotations

import numpy as np
import pytest

from resdet.detector.inference import load_detector
from resdet.export.exportable import load_exportable
from resdet.runtimes import proof
from resdet.runtimes.detector import Seen
from resdet.runtimes.proof import IMAGES, Proof
from resdet.structures.records import Detections

IMAGE = np.random.default_rng(0).integers(0, 256, (120, 90, 3), np.uint8)


def test_it_looks_at_the_first_images_only(tiny_checkpoint) -> None:
    detector = load_exportable(tiny_checkpoint)
    found = load_detector(tiny_checkpoint, "tv", "cpu")(IMAGE, channel_order="RGB")
    assert len(found) > 3
    proof = Proof(detector, "quick")
    seen = Seen("a.jpg", detector.resize(IMAGE), 120, 90)
    assert [proof(seen, found) for _ in range(IMAGES)] == [True] * (IMAGES - 1) + [False]


def test_one_of_two_boxes_of_a_score_may_be_left(tiny_checkpoint, monkeypatch) -> None:
    detector = load_exportable(tiny_checkpoint)
    found = detector.detect(IMAGE)
    near = found.boxes.copy()
    near[0] += np.array([0.5, 0, 0, 0], np.float32)
    rivals = [np.concatenate([o, n]) for o, n in zip(columns(found), (near, *columns(found)[1:]))]
    monkeypatch.setattr(proof, "candidates", lambda graph, given: rivals)
    seen = Seen("a.jpg", IMAGE, 120, 90)
    ours = Detections("a.jpg", *columns(found))
    theirs = Detections("a.jpg", near, found.labels, found.scores)
    monkeypatch.setattr(Proof, "_by_torch", lambda *_: ours)
    assert Proof(detector, "quick")(seen, theirs)


def columns(found: Detections) -> tuple[np.ndarray, ...]:
    return found.boxes, found.labels, found.scores


def test_a_difference_stops_it(tiny_checkpoint) -> None:
    detector = load_exportable(tiny_checkpoint)
    found = detector.detect(IMAGE)
    seen = Seen("a.jpg", detector.resize(IMAGE), 120, 90)
    for boxes, scores, told in (
        (found.boxes + 0.05, found.scores, r"got 4\.0e-02 px, .* on a.jpg \(90x120\)"),
        (found.boxes, found.scores - 0.01, r", 1\.0e-02 and 0 without"),
    ):
        other = Detections("a.jpg", boxes, found.labels, scores)
        with pytest.raises(ValueError, match=f"detections of quick must be torch's.*{told}.*torch"):
            Proof(detector, "quick")(seen, other)
