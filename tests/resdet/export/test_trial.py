"""Every form of a file finds what torch finds: images of any size, with much and with nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch

from backbones.export.formats import runner
from resdet.export import resizing, trial
from resdet.export.detector import encode_detector, graph_of
from resdet.export.exportable import Exportable, load_exportable
from resdet.export.form import INSIDE, Form, contract_of
from resdet.export.least_score import with_least_score

ONNX = ("onnx", "onnxruntime", "onnxscript")
RNG = np.random.default_rng(0)
MANY = RNG.integers(0, 256, (90, 130, 3), np.uint8)
IMAGES = [
    MANY,
    np.full((1, 1, 3), 90, np.uint8),
    RNG.integers(0, 256, (40, 4000, 3), np.uint8),
    RNG.integers(0, 256, (1, 4000, 3), np.uint8),
    MANY,
]


def by_opencv(data: bytes, kind: str, contract: Any) -> trial.Run:
    """Its own dnn, one network for all images; where there is nothing it gives none."""
    cv2 = pytest.importorskip("cv2", minversion="5")
    net = cv2.dnn.readNetFromONNX(np.frombuffer(data, np.uint8))

    def run(image: np.ndarray) -> list[np.ndarray]:
        net.setInput(image, contract.input)
        boxes, labels, scores = net.forward(list(contract.outputs))
        if scores is None:
            return [np.zeros((0, 4), np.float32), np.zeros(0, np.int64), np.zeros(0, np.float32)]
        return [boxes.reshape(-1, 4), labels.reshape(-1), scores.reshape(-1)]

    return run


FILES = {
    "onnxruntime": (Form("onnx", INSIDE), runner),
    "OpenCV": (Form("onnx", INSIDE), by_opencv),
    "torch-export": (Form("torch-export", INSIDE), runner),
    "batch": (Form("onnx", INSIDE, 0), runner),
    "torch-export, batch": (Form("torch-export", INSIDE, 0), runner),
}


def check(detector: Exportable, form: Form, run: trial.Run, counts: Sequence[range]) -> None:
    named = ((str(image.shape), image) for image in IMAGES)
    rows = trial.differences(detector, form, graph_of(detector, form), run, named)
    for name, _, difference in rows:
        assert difference.near, (name, difference)  # one colour, which GN makes rounding of
        assert any(difference.pairs in count for count in counts), (name, difference)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("base", ["C4", "FPN"])
def test_each_form_finds_what_torch_finds(saved_detector: Callable, name: str, base: str) -> None:
    form, opened = FILES[name]
    if form.kind == "onnx":
        for package in ONNX:
            pytest.importorskip(package)
    pyramid = ("MODEL.RESNETS.DEPTH", "18", "MODEL.FPN.OUT_CHANNELS", "16")
    kind = ("coco_r50_fpn", pyramid) if base == "FPN" else ("shapes_r18", ())
    source = saved_detector(*kind[1], base=kind[0])
    detector = load_exportable(source)
    contract = contract_of(detector, source, form)

    data = encode_detector(detector, contract, form)
    check(detector, form, opened(data, form.kind, contract), [range(1, 101)])
    best = np.sort(np.concatenate(trial.all_scores(detector, [("", i) for i in IMAGES[:-1]])))
    between = float(best[-2:].mean())
    other = with_least_score(data, form.kind, between)
    with trial.threshold(detector, between):
        check(detector, form, opened(other, form.kind, contract), [range(1), range(1, 2)])


def test_a_batch_is_each_of_its_images(saved_detector: Callable) -> None:
    detector = load_exportable(saved_detector())
    form = Form("onnx", INSIDE, 3)
    graph = graph_of(detector, form)

    def run(images: np.ndarray) -> list[np.ndarray]:
        with torch.no_grad():
            return [column.numpy() for column in graph(torch.from_numpy(images))]

    check(detector, form, run, [range(1, 101)])
    images = run(np.stack([MANY, MANY[::-1], MANY]))[3]
    assert set(images) == {0, 1, 2}
    assert (np.diff(images) >= 0).all()


def test_resizing_that_is_not_opencvs_is_refused(
    saved_detector: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    detector, form = load_exportable(saved_detector()), Form("onnx", INSIDE)
    ours = resizing.resize
    assert (trial.resized(detector, form, MANY) == detector.resize(MANY)).mean() > 0.99
    monkeypatch.setattr(resizing, "resize", lambda *given: ours(*given) + 2)
    with pytest.raises(ValueError, match=r"to one grey level, got [23]\.0 .* --resize outside"):
        trial.resized(detector, form, MANY)


def test_nothing_and_one_object_are_shown_on_grey(saved_detector: Callable) -> None:
    detector = load_exportable(saved_detector())
    seen = {(90, 130): 2, "grey": 0, "alone": 1}

    class Detector:
        def detect(self, image: np.ndarray) -> Any:
            share = (image != 114).mean()
            number = seen["grey"] if share == 0 else seen["alone"] if share < 0.5 else 2
            found = detector.detect(MANY)
            assert len(found) > 2
            found.boxes[:] = [20, 30, 50, 60]
            return type(found)(
                0, found.boxes[:number], found.labels[:number], found.scores[:number]
            )

    given: Any = Detector(), [("a.png", MANY)], [Detector().detect(MANY)]
    few = dict(trial.of_few(*given))
    assert list(few) == ["nothing, grey", "one object, of a.png"]
    (_, one) = few.values()
    assert (one[30:61, 20:51] == MANY[30:61, 20:51]).all()
    assert (one[:30] == 114).all()
    seen["alone"] = 2
    assert list(dict(trial.of_few(*given))) == ["nothing, grey"]
