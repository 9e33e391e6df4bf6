"""Faster ways to detect: each finds what the slow way finds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import nn

from backbones.convolution.quick import QuickConv2d
from backbones.layers import BATCH_NORM_TYPES, FrozenBatchNorm2d
from resdet import engines
from resdet.benchmarks.golden import pair_up
from resdet.detector.build import build_model
from resdet.detector.inference import TorchDetector, build_detector, speed_up
from resdet.detector.speed import Speed, compile_parts
from resdet.engines.tv.regions import ProjectedConv5

TV = engines.load("tv")
FROZEN = ("MODEL.RESNETS.NORM", "FrozenBN", "MODEL.ROI_HEADS.SCORE_THRESH_TEST", "0.0")
KINDS = {
    "C4": ("shapes_r18", ("MODEL.RESNETS.DEPTH", "50")),
    "basic C4": ("shapes_r18", ()),
    "FPN": (
        "coco_r50_fpn",
        ("MODEL.FPN.OUT_CHANNELS", "16", "MODEL.ROI_BOX_HEAD.FC_DIM", "32"),
    ),
}


def vary_norms(model: nn.Module) -> None:
    """Statistics that matter."""
    for module in model.modules():
        if isinstance(module, (*BATCH_NORM_TYPES, FrozenBatchNorm2d)):
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.uniform_(-0.5, 0.5)
            module.running_mean.uniform_(-0.5, 0.5)
            module.running_var.uniform_(0.5, 1.5)


def detector(small_config, kind: str, speed: Speed = Speed()) -> TorchDetector:  # noqa: B008
    base, more = KINDS[kind]
    cfg = small_config(*FROZEN, *more, base=base)
    torch.manual_seed(0)
    model, _ = build_model(cfg, TV)
    vary_norms(model)
    nn.init.normal_(model.rpn.head.cls_logits.weight, std=0.5)
    nn.init.normal_(model.roi_heads.box_predictor.cls_score.weight, std=0.5)
    nn.init.normal_(model.roi_heads.box_predictor.bbox_pred.weight, std=0.05)
    return build_detector(cfg, model, ["a"] * cfg.MODEL.ROI_HEADS.NUM_CLASSES, TV, speed)


def images(sizes: list[tuple[int, int]]) -> Iterator[tuple[int, np.ndarray]]:
    rng = np.random.default_rng(0)
    for number, (height, width) in enumerate(sizes):
        coarse = rng.integers(0, 256, (height // 8, width // 8, 3), np.uint8)
        yield number, np.kron(coarse, np.ones((8, 8, 1), np.uint8))


def apart(found: list, expected: list) -> tuple[float, float]:
    """The largest difference of a box and of a score over all images."""
    assert [f.image_id for f in found] == [e.image_id for e in expected]
    assert all(len(e) > 5 for e in expected)
    pairs = [pair_up(_tensors(f), _tensors(e)) for f, e in zip(found, expected)]
    return max(p[0] for p in pairs), max(p[1] for p in pairs)


def _tensors(found) -> tuple[torch.Tensor, ...]:
    return tuple(torch.from_numpy(v) for v in (found.boxes, found.labels, found.scores))


@pytest.mark.parametrize("kind", KINDS)
def test_a_folded_detector_finds_the_same(kind: str, small_config) -> None:
    slow = detector(small_config, kind)
    expected = list(slow.predict_named(images([(96, 96), (96, 160)])))
    TV.speed_up(slow.model)
    assert not any(isinstance(m, FrozenBatchNorm2d) for m in slow.model.modules())
    assert ProjectedConv5.fits(slow.model.roi_heads.box_head) is (kind == "C4")
    box, score = apart(list(slow.predict_named(images([(96, 96), (96, 160)]))), expected)
    assert box < 1e-2
    assert score < 1e-4


@pytest.mark.parametrize(("precision", "quick"), [("fp32", True), ("bf16", False)])
def test_convolutions_in_fp32_are_quick(precision: str, quick: bool, small_config) -> None:
    given = detector(small_config, "FPN", Speed(precision))
    expected = list(given.predict_named(images([(96, 96)])))
    speed_up(given, torch.device("cpu"))
    assert any(isinstance(m, QuickConv2d) for m in given.model.modules()) is quick
    box, score = apart(list(given.predict_named(images([(96, 96)]))), expected)
    assert quick is False or (box < 1e-2 and score < 1e-4)


def test_norms_over_groups_are_left_alone(small_config) -> None:
    model, _ = build_model(small_config(), TV)
    TV.speed_up(model)
    assert any(isinstance(m, nn.GroupNorm) for m in model.modules())


SIZES = [(96, 96), (96, 160), (96, 96), (160, 96), (96, 96), (96, 152), (96, 160), (160, 96)]


@pytest.mark.parametrize("kind", ["C4", "FPN"])
def test_batches_find_what_single_images_do(kind: str, small_config) -> None:
    more = ("INPUT.MAX_SIZE_TEST", "200")
    single = detector(lambda *o, **k: small_config(*o, *more, **k), kind)
    seen = []
    detect = TV.detect

    class Counting:
        NAME = "counting"
        detect = staticmethod(lambda model, batch: seen.append(len(batch)) or detect(model, batch))

    expected = list(single.predict_named(images(SIZES)))
    batched = TorchDetector(
        single.model, single.class_names, Counting(), single.input, Speed(batch=3)
    )
    box, score = apart(list(batched.predict_named(images(SIZES))), expected)
    assert max(seen) == 3
    assert sum(seen) == len(SIZES)
    assert box < 1e-2
    assert score < 1e-4


def test_few_images_wait_for_a_batch(small_config) -> None:
    asked = []

    def endless() -> Iterator[tuple[int, np.ndarray]]:
        for number in range(1000):
            asked.append(number)
            yield number, np.zeros((96, 96 + 32 * (number % 7 > 0) * (number % 50), 3), np.uint8)

    batched = detector(small_config, "basic C4", Speed(batch=2))
    found = batched.predict_named(endless(), live=True)
    for number in range(20):
        assert next(found).image_id == number
        assert len(asked) <= number + 1 + 8


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_is_near(precision: str, small_config) -> None:
    full = detector(small_config, "FPN")
    batch = [full.sample(*named) for named in images([(96, 96)])]
    half = TorchDetector(full.model, full.class_names, TV, full.input, Speed(precision))
    seen = {}
    predictor = full.model.roi_heads.box_head
    hook = predictor.register_forward_hook(lambda *a: seen.update(type=a[-1].dtype))
    found = half.run_batch(batch)[0]
    hook.remove()
    assert seen["type"] is {"bf16": torch.bfloat16, "fp16": torch.float16}[precision]
    expected = full.run_batch(batch)[0]
    assert np.isfinite(found.boxes).all()
    assert abs(found.scores.max() - expected.scores.max()) < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["C4", "FPN"])
def test_a_compiled_detector_finds_the_same(kind: str, small_config) -> None:
    more = ("INPUT.MAX_SIZE_TEST", "200")
    eager = detector(lambda *o, **k: small_config(*o, *more, **k), kind)
    expected = list(eager.predict_named(images(SIZES)))
    torch._dynamo.reset()
    counters = torch._dynamo.utils.counters
    counters.clear()
    compile_parts(eager.model)
    box, score = apart(list(eager.predict_named(images(SIZES))), expected)
    assert box < 1e-2
    assert score < 1e-4
    more_sizes = [(96, 104), (120, 96), (96, 144), (96, 128), (96, 112), (144, 96), (96, 184)]
    list(eager.predict_named(images(more_sizes)))
    assert 2 <= counters["stats"]["unique_graphs"] <= 4  # two parts, at most twice each


def test_values_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="precision must be fp32, bf16 or fp16, got 'int8'"):
        Speed("int8")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="batch must be at least 1, got 0"):
        Speed(batch=0)
