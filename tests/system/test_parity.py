"""Engines tv and d2 on real images at full width: one checkpoint, the same detections."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from resdet import config, engines
from resdet.benchmarks import golden
from resdet.checkpoints import checkpoint
from resdet.data.coco.reader import load_coco
from resdet.data.voc.reader import load_voc
from resdet.detector.build import build_model
from resdet.detector.inference import load_detector
from resdet.engines import protocol
from resdet.structures.records import ImageRecord

SMALL = ("INPUT.MIN_SIZE_TEST", "320", "INPUT.MAX_SIZE_TEST", "533")
# fewer regions through res5 of a C4 network: minutes, not hours
FEW = ("MODEL.RPN.POST_NMS_TOPK_TEST", "60", "MODEL.RPN.PRE_NMS_TOPK_TEST", "1000")
NETWORKS = {
    "r50_c4": ("voc0712_r101", ("MODEL.RESNETS.DEPTH", "50", *FEW)),
    "r101_c4": ("voc0712_r101", FEW),
    "r50_fpn": ("voc0712_r101_fpn", ("MODEL.RESNETS.DEPTH", "50")),
    "vgg16": ("voc0712_vgg16", ()),
}


@pytest.fixture(scope="module")
def records(unpacked: Callable[[str], Path]) -> list[ImageRecord]:
    """Ten images of blood cells, all of one size, and ten of COCO, of many."""
    cells = load_voc(unpacked("bccd.tar.xz"), "val")
    root = unpacked("tiny-coco.tar")
    coco = load_coco(root / "annotations/instances_train2017.json", root / "images/train2017")
    chosen = [*cells.records[:10], *coco.records[:10]]
    assert len({(r.height, r.width) for r in chosen}) > 5
    return chosen


@pytest.mark.slow
@pytest.mark.detectron2
@pytest.mark.parametrize("network", NETWORKS)
def test_detections_of_one_checkpoint_pair_up(
    network: str, records: list[ImageRecord], tmp_path: Path
) -> None:
    pytest.importorskip("detectron2")
    base, overrides = NETWORKS[network]
    cfg = config.load(base, ["MODEL.WEIGHTS", "", "MODEL.DEVICE", "cpu", *SMALL, *overrides])
    tv = engines.load("tv")
    path = tmp_path / "model.pth"
    checkpoint.save(path, random_checkpoint(cfg, tv))
    found = {}
    for name in ("tv", "d2"):
        detector = load_detector(path, engine=name, device="cpu")
        found[name] = list(detector.predict_records(records))
        del detector  # two of VGG-16 at once are a gigabyte
    pairs = [golden.pair_up(tensors(a), tensors(b)) for a, b in zip(found["tv"], found["d2"])]
    numbers = [len(d) for d in found["tv"]]
    box, score = (max(values) for values in zip(*pairs))
    print(
        f"{network}: {len(pairs)} images, {min(numbers)} to {max(numbers)} detections in each, "
        f"boxes at most {box:.2g} px and scores {score:.2g} apart"
    )
    assert len(pairs) == 20
    assert min(numbers) >= 10
    assert len({d.scores[0].item() for d in found["tv"]}) > 15  # the images do matter
    assert box < 1e-3
    assert score < 1e-4


def random_checkpoint(
    cfg: config.CfgNode, engine: protocol.Engine
) -> checkpoint.DetectorCheckpoint:
    model, _ = build_model(cfg, engine)
    weights = golden.formula_weights(engine.canonical_state(model), seed=0)
    names = tuple(f"class {i}" for i in range(cfg.MODEL.ROI_HEADS.NUM_CLASSES))
    return checkpoint.DetectorCheckpoint(weights, cfg, names, engine.NAME, 0, {})


def tensors(found) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return tuple(torch.from_numpy(v) for v in (found.boxes, found.labels, found.scores))
