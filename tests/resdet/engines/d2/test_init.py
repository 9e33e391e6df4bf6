"""Engine d2 against engine tv: one config, one checkpoint, the same numbers."""

from __future__ import annotations

import pytest
import torch

import resdet
from backbones.config.keys import Key
from resdet import config, engines
from resdet.benchmarks.golden import pair_up
from resdet.config import ConfigError
from resdet.config.schema import KEYS
from resdet.detector.build import build_model

SIZES = [(96, 130), (90, 121), (104, 88)]
BOXES = [3, 0, 2]  # an image without boxes is as good as any
EVERYTHING = (
    *("MODEL.RPN.BATCH_SIZE_PER_IMAGE", "100000", "MODEL.RPN.POSITIVE_FRACTION", "1.0"),
    *("MODEL.ROI_HEADS.BATCH_SIZE_PER_IMAGE", "100000", "MODEL.ROI_HEADS.POSITIVE_FRACTION", "1.0"),
    *("MODEL.ROI_BOX_HEAD.DROPOUT", "0.0", "MODEL.ROI_HEADS.SCORE_THRESH_TEST", "0.0001"),
    *("TEST.DETECTIONS_PER_IMAGE", "10000"),
)
SMALL_ANCHORS = ("MODEL.ANCHOR_GENERATOR.SIZES", "[[16, 32, 64]]")
SLIM_VGG = ("MODEL.ROI_BOX_HEAD.FC_DIM", "512", "MODEL.VGG.NORM", "GN")
CONTEXT = ("MODEL.ROI_HEADS.NAME", "ContextROIHeads")
BASES = {
    "voc0712_r101": SMALL_ANCHORS,
    "voc0712_r101_fpn": ("MODEL.RPN.PRE_NMS_TOPK_TRAIN", "300"),
    "voc0712_r101 with context": (*SMALL_ANCHORS, *CONTEXT),
    "voc0712_r101_fpn with context": ("MODEL.RPN.PRE_NMS_TOPK_TRAIN", "300", *CONTEXT),
    "voc0712_vgg16": (*SLIM_VGG, *SMALL_ANCHORS),
    "coco_vgg16_fpn": (*SLIM_VGG, "MODEL.FPN.NORM", "GN"),
}


def batch(num_classes: int) -> list[dict]:
    samples = []
    generator = torch.Generator().manual_seed(3)
    for index, ((height, width), count) in enumerate(zip(SIZES, BOXES)):
        corners = torch.rand(count, 2, generator=generator) * 40
        sides = 20 + torch.rand(count, 2, generator=generator) * 40
        samples.append(
            {
                "image": torch.randint(
                    0, 256, (3, height, width), generator=generator, dtype=torch.uint8
                ),
                "boxes": torch.cat([corners, corners + sides], 1),
                "labels": torch.randint(0, num_classes, (count,), generator=generator),
                "image_id": index,
                "height": height,
                "width": width,
                "index": index,
            }
        )
    return samples


def both(small_config, base: str):
    """The two engines, each with a model of the same, not too shy, random weights."""
    pytest.importorskip("detectron2")
    cfg = small_config("MODEL.RESNETS.DEPTH", "18", *EVERYTHING, *BASES[base], base=base.split()[0])
    torch.manual_seed(0)
    found = []
    for name in ("tv", "d2"):
        engine = engines.load(name)
        found.append((engine, build_model(cfg.clone(), engine)[0]))
    (tv, ours), (d2, theirs) = found
    state = tv.canonical_state(ours)
    for key, value in state.items():
        if key.startswith("box_predictor.") or "anchor_deltas" in key:
            value.copy_(torch.randn(value.shape) * 0.05)
    d2.load_canonical_state(theirs, state, "tv")
    return tv, ours, d2, theirs, cfg.MODEL.ROI_HEADS.NUM_CLASSES


def with_area(found: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    """torchvision drops boxes that clipping leaves nothing of, detectron2 does not."""
    keep = (found[0][:, 2:] - found[0][:, :2]).amin(1) >= 0.01
    return tuple(column[keep] for column in found)


@pytest.mark.detectron2
@pytest.mark.parametrize("base", BASES)
def test_detections_pair_up(small_config, base: str) -> None:
    tv, ours, d2, theirs, num_classes = both(small_config, base)
    ours.eval(), theirs.eval()
    with torch.inference_mode():
        pairs = zip(tv.detect(ours, batch(num_classes)), d2.detect(theirs, batch(num_classes)))
        for a, b in pairs:
            box, score = pair_up(a, with_area(b))
            assert len(a[0]) > 5
            assert box < 1e-3
            assert score < 1e-4


@pytest.mark.detectron2
@pytest.mark.parametrize("base", BASES)
def test_losses_agree_where_everything_is_sampled(small_config, base: str) -> None:
    tv, ours, d2, theirs, num_classes = both(small_config, base)
    a = tv.compute_losses(ours.train(), batch(num_classes))
    b = d2.compute_losses(theirs.train(), batch(num_classes))
    assert set(a) == set(b) == {"loss_rpn_cls", "loss_rpn_loc", "loss_cls", "loss_box_reg"}
    for name, value in a.items():
        assert value.item() == pytest.approx(b[name].item(), rel=1e-4, abs=1e-6), name
        assert value.item() > 0


@pytest.mark.detectron2
def test_registering_may_be_repeated(small_config) -> None:
    pytest.importorskip("detectron2")
    from detectron2.config import get_cfg
    from detectron2.modeling import BACKBONE_REGISTRY, ROI_BOX_HEAD_REGISTRY

    resdet.register()
    resdet.register()
    assert "build_resdet_vgg_fpn_backbone" in BACKBONE_REGISTRY
    assert "Conv5Head" in ROI_BOX_HEAD_REGISTRY
    cfg = get_cfg()
    resdet.add_resdet_config(cfg)
    cfg.MODEL.BACKBONE.WIDTH = 0.5
    resdet.add_resdet_config(cfg)
    assert cfg.MODEL.BACKBONE.WIDTH == 0.5


@pytest.mark.detectron2
@pytest.mark.parametrize("base", BASES)
def test_parameters_stand_in_one_order(small_config, base: str) -> None:
    """An optimiser's state is a list: a run of one engine goes on in the other."""
    tv, ours, d2, theirs, _ = both(small_config, base)
    orders = []
    for engine, model in ((tv, ours), (d2, theirs)):
        learning = {id(p) for p in model.parameters() if p.requires_grad}
        canonical = {id(p): n for n, p in engine.canonical_state(_Live(model)).items()}
        orders.append([canonical[id(p)] for p in model.parameters() if id(p) in learning])
    assert orders[0] == orders[1]


class _Live:
    """A model whose state is its parameters themselves."""

    def __init__(self, model: torch.nn.Module) -> None:
        self.model = model

    def state_dict(self) -> dict:
        return dict(self.model.named_parameters())


@pytest.mark.detectron2
@pytest.mark.parametrize(
    "key", [key for key in KEYS if "d2" in key.engines], ids=lambda key: key.name
)
def test_what_only_d2_honours_does_something_there(small_config, key: Key) -> None:
    pytest.importorskip("detectron2")
    engine = engines.load("d2")
    found = {}
    for value in key.engines["d2"]:
        cfg = small_config(*EVERYTHING, key.name, str(value))
        torch.manual_seed(0)
        model, _ = build_model(cfg, engine)
        losses = engine.compute_losses(model.train(), batch(6))
        found[tuple(loss.item() for loss in losses.values())] = value
        sum(losses.values()).backward()
        assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.requires_grad)
        if value not in key.allowed:
            refusal = f"{key.name} must be .* give --engine d2, which can"
            with pytest.raises(ConfigError, match=refusal):
                config.check(cfg, engine="tv")
    assert len(found) == len(key.engines["d2"])
