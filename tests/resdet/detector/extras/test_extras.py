"""The extras of testing: worked by hand on a stub engine, and on detectors of both engines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import resdet
from resdet import config, engines
from resdet.benchmarks.golden import pair_up
from resdet.checkpoints import checkpoint
from resdet.detector.build import build_model
from resdet.detector.extras.extras import build_extended_test
from resdet.detector.inference import build_detector, load_detector
from resdet.detector.speed import Speed
from resdet.engines.samples import Features
from resdet.structures.records import Detections

BOTH = ["tv", pytest.param("d2", marks=pytest.mark.detectron2)]


class Shifting:
    """An engine whose head moves every box by a share of its width, surer the further right."""

    NAME = "stub"

    def __init__(self, share: float) -> None:
        self.share = share

    def features(self, model, batch):
        return Features({"image": batch[0]["image"]}, None)

    def propose(self, model, features):
        return [torch.tensor([[0.0, 0, 10, 10]])]

    def describe(self, model, features, boxes):
        return boxes[0]

    def predict(self, model, described):
        sure = torch.where(described[:, :1] > 0, 0.9, 0.6)
        deltas = torch.tensor([[10 * self.share, 0, 0, 0]]).repeat(len(described), 1)
        return torch.cat([sure, 1 - sure], 1), deltas


def stub_config(*overrides: str):
    sizes = ("INPUT.MIN_SIZE_TEST", "100", "INPUT.MAX_SIZE_TEST", "200")
    return config.load("shapes_r18", ["MODEL.ROI_HEADS.NUM_CLASSES", "1", *sizes, *overrides])


def sample(height: int = 100, width: int = 100, seed: int = 0) -> dict:
    image = np.random.default_rng(seed).integers(0, 256, (height // 4, width // 4, 3), np.uint8)
    image = np.kron(image, np.ones((4, 4, 1), np.uint8))
    return {
        "image": torch.from_numpy(image).permute(2, 0, 1),
        "boxes": torch.zeros(0, 4),
        "labels": torch.zeros(0, dtype=torch.int64),
        "image_id": "a",
        "height": height,
        "width": width,
        "index": 0,
    }


@pytest.mark.parametrize(
    ("share", "box"),
    [
        (0.5, [10, 0, 20, 10]),  # the looks overlap by a third: suppressed above 0.3, no vote
        (0.2, [3.2, 0, 13.2, 10]),  # [2, 12] at 0.6 and [4, 14] at 0.9 overlap by two thirds
        (1.0, None),  # no overlap: both stay
    ],
)
def test_a_second_look_and_a_vote(share: float, box: list[float] | None) -> None:
    cfg = stub_config("TEST.REFINE", "True", "MODEL.ROI_HEADS.NMS_THRESH_TEST", "0.5")
    tester = build_extended_test(cfg, nn.Linear(1, 1), ["a"], Shifting(share), Speed())
    found = tester(sample())
    if box is None:
        assert found.boxes.tolist() == [[20, 0, 30, 10], [10, 0, 20, 10]]
        assert found.scores.tolist() == pytest.approx([0.9, 0.6])
    else:
        assert found.boxes[0].tolist() == pytest.approx(box, abs=1e-5)
        assert found.scores.tolist() == pytest.approx([0.9])


def test_without_the_extra_the_first_look_counts() -> None:
    aug = ("TEST.AUG.ENABLED", "True", "TEST.AUG.MIN_SIZES", "()", "TEST.AUG.MAX_SIZE", "0")
    plain = stub_config(*aug, "TEST.AUG.FLIP", "False")
    tester = build_extended_test(plain, nn.Linear(1, 1), ["a"], Shifting(0.5), Speed())
    assert tester(sample()).boxes.tolist() == [[5, 0, 15, 10]]
    tester = build_extended_test(stub_config(*aug), nn.Linear(1, 1), ["a"], Shifting(0.5), Speed())
    assert tester(sample()).boxes.tolist() == [[5, 0, 15, 10], [85, 0, 95, 10]]
    views = stub_config(*aug, "TEST.AUG.MIN_SIZES", "(50, 100)", "TEST.AUG.FLIP", "False")
    found = build_extended_test(views, nn.Linear(1, 1), ["a"], Shifting(0.5), Speed())(sample())
    assert found.boxes.tolist() == [[10, 0, 30, 20], [5, 0, 15, 10]]  # 1/9 of them is common


def trained(small_config, engine_name: str, path: Path, base: str = "shapes_r18", seed: int = 0):
    """A detector file of random weights that is not shy, and its config."""
    if engine_name == "d2":
        pytest.importorskip("detectron2")
    engine = engines.load("tv")
    cfg = small_config(
        *("INPUT.MAX_SIZE_TEST", "200", "MODEL.ROI_HEADS.SCORE_THRESH_TEST", "0.17"),
        *("MODEL.ROI_BOX_HEAD.FC_DIM", "64", "MODEL.FPN.OUT_CHANNELS", "16"),
        *("MODEL.RESNETS.DEPTH", "18", "MODEL.ROI_HEADS.NUM_CLASSES", "6", "MODEL.VGG.NORM", "GN"),
        base=base,
    )
    torch.manual_seed(seed)
    model, _ = build_model(cfg, engine)
    state = engine.canonical_state(model)
    for key, value in state.items():
        if key.startswith("box_predictor.") or "anchor_deltas" in key or "objectness" in key:
            value.copy_(torch.randn(value.shape) * 0.1)
    names = tuple("abcdef")
    checkpoint.save(path, checkpoint.DetectorCheckpoint(state, cfg, names, "tv", 0, {}))
    return path


def found_by(path: Path, engine: str, *overrides: str) -> Detections:
    detector = load_detector(path, engine=engine, device="cpu", testing=overrides)
    whole = sample(120, 180)["image"].permute(1, 2, 0).numpy()
    return next(iter(detector.predict_named([("a", whole)], live=True)))


NONE = {
    "one scale": ("TEST.MAXOUT_SIZES", "[96]"),
    "one view": (
        *("TEST.AUG.ENABLED", "True", "TEST.AUG.FLIP", "False"),
        *("TEST.AUG.MIN_SIZES", "[96]", "TEST.AUG.MAX_SIZE", "0"),
    ),
    "itself": ("TEST.ENSEMBLE", "['{path}']"),
}


@pytest.mark.parametrize("engine", BOTH)
@pytest.mark.parametrize("extra", NONE)
@pytest.mark.parametrize("base", ["shapes_r18", "coco_r50_fpn", "shapes_r18_context"])
def test_extras_that_add_nothing_change_no_bit(
    base: str, extra: str, engine: str, small_config, tmp_path: Path
) -> None:
    path = trained(small_config, engine, tmp_path / "model.pth", base)
    plain = found_by(path, engine)
    same = found_by(path, engine, *(text.format(path=path) for text in NONE[extra]))
    assert len(plain) > 5
    for name in ("boxes", "labels", "scores"):
        assert getattr(plain, name).tobytes() == getattr(same, name).tobytes(), name


EXTRAS = {
    "refine": ("TEST.REFINE", "True"),
    "maxout": ("TEST.MAXOUT_SIZES", "[64, 96, 128]"),
    "views": ("TEST.AUG.ENABLED", "True", "TEST.AUG.MIN_SIZES", "[64, 96]"),
    "ensemble": ("TEST.ENSEMBLE", "['{other}']"),
}


@pytest.mark.detectron2
@pytest.mark.parametrize("extra", [*EXTRAS, "all"])
def test_both_engines_find_the_same(extra: str, small_config, tmp_path: Path) -> None:
    path = trained(small_config, "d2", tmp_path / "model.pth")
    other = trained(small_config, "d2", tmp_path / "other.pth", "coco_r50_fpn", seed=1)
    asked = EXTRAS.get(extra) or tuple(text for pair in EXTRAS.values() for text in pair)
    asked = tuple(text.format(other=other) for text in asked)
    plain, ours, theirs = (
        found_by(path, engine, *pairs)
        for engine, pairs in (("tv", ()), ("tv", asked), ("d2", asked))
    )
    box, score = pair_up(*(_tensors(found) for found in (ours, theirs)))
    assert len(ours) > 5
    assert box < 1e-3
    assert score < 1e-4
    assert plain.boxes.tobytes() != ours.boxes.tobytes()


def _tensors(found: Detections) -> tuple[torch.Tensor, ...]:
    return tuple(torch.from_numpy(c) for c in (found.boxes, found.labels, found.scores))


def test_faults_are_told_before_the_work(small_config, tmp_path: Path) -> None:
    path = trained(small_config, "tv", tmp_path / "model.pth")
    with pytest.raises(FileNotFoundError, match=r"gone.pth"):
        found_by(path, "tv", "TEST.ENSEMBLE", f"['{tmp_path}/gone.pth']")
    saved = checkpoint.load(path)
    renamed = checkpoint.DetectorCheckpoint(saved.model, saved.cfg, tuple("abcdeg"), "tv", 0, {})
    checkpoint.save(tmp_path / "other.pth", renamed)
    with pytest.raises(ValueError, match=r"same classes \(a, b, .* f\), got .*other.pth of a"):
        found_by(path, "tv", "TEST.ENSEMBLE", f"['{tmp_path}/other.pth']")
    cfg, model = small_config(*EXTRAS["refine"]), nn.Linear(1, 1)
    with pytest.raises(ValueError, match=r"--batch must be 1 with the extras of TEST \(box ref.*4"):
        build_detector(cfg, model, ["a"], engines.load("tv"), Speed(batch=4))
    for key, value in (("TEST.MAXOUT_SIZES", "[200, 100]"), ("TEST.AUG.MIN_SIZES", "[0, 100]")):
        with pytest.raises(config.ConfigError, match=f"{key} must be pixels of the shorter side"):
            config.check(small_config(key, value))


def test_load_takes_them_too(small_config, tmp_path: Path) -> None:
    path = trained(small_config, "tv", tmp_path / "model.pth")
    expected = found_by(path, "tv", *EXTRAS["refine"])
    detector = resdet.load(path, "tv", device="cpu", testing=EXTRAS["refine"])
    image = sample(120, 180)["image"].permute(1, 2, 0).numpy()
    assert detector(image, channel_order="BGR").boxes.tobytes() == expected.boxes.tobytes()
