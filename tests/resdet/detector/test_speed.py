"""Faster ways to detect: each finds what the slow way finds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import nn

import backbones
from backbones.layers import BATCH_NORM_TYPES, FrozenBatchNorm2d
from resdet import engines
from resdet.benchmarks.golden import pair_up
from resdet.detector.build import build_model
from resdet.detector.inference import Detector
from resdet.detector.speed import Speed, compile_parts
from resdet.engines.tv.regions import ProjectedConv5, Rows
from resdet.modeling.folding import fold
from resdet.modeling.heads import Conv5Head
from resdet.modeling.pooler import Pooler

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


def boxes_in(height: int, width: int, number: int, seed: int = 0) -> torch.Tensor:
    """Of every size, some outside, one without area."""
    generator = torch.Generator().manual_seed(seed)
    corner = torch.rand(number, 2, generator=generator) * torch.tensor([width, height]) - 20
    sides = torch.rand(number, 2, generator=generator) ** 2 * torch.tensor([width, height])
    boxes = torch.cat([corner, corner + sides], 1)
    boxes[0, 2:] = boxes[0, :2]
    return boxes


def vary_norms(model: nn.Module) -> None:
    """Statistics that matter."""
    for module in model.modules():
        if isinstance(module, (*BATCH_NORM_TYPES, FrozenBatchNorm2d)):
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.uniform_(-0.5, 0.5)
            module.running_mean.uniform_(-0.5, 0.5)
            module.running_var.uniform_(0.5, 1.5)


@pytest.mark.parametrize("kind", ["ROIAlignV2", "ROIAlign"])
@pytest.mark.parametrize("samples", [0, 1, 2, 3])
@pytest.mark.parametrize("size", [7, 14])
def test_rows_pool_as_roi_align_does(kind: str, size: int, samples: int) -> None:
    torch.manual_seed(0)
    pooler = Pooler({"p2": 4, "p3": 8, "p4": 16}, size, samples, kind)
    features = {
        name: torch.randn(2, 5, 320 // stride, 448 // stride)
        for name, stride in pooler.strides.items()
    }
    boxes = [boxes_in(320, 448, 60), boxes_in(320, 448, 50, seed=1)]
    rows = Rows(pooler)
    expected = pooler(features, boxes)
    assert expected.abs().mean() > 0.1
    torch.testing.assert_close(rows(features, boxes), expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("kind", ["ROIAlignV2", "ROIAlign"])
@pytest.mark.parametrize("samples", [0, 2])
def test_rows_pass_gradients_on_as_roi_align_does(kind: str, samples: int) -> None:
    torch.manual_seed(0)
    pooler = Pooler({"p2": 4, "p3": 8}, 7, samples, kind)
    features = {
        name: torch.randn(2, 5, 160 // stride, 224 // stride, requires_grad=True)
        for name, stride in pooler.strides.items()
    }
    boxes = [boxes_in(160, 224, 30), boxes_in(160, 224, 20, seed=1)]
    weight = torch.randn(50, 5, 7, 7)
    inputs = list(features.values())
    expected = torch.autograd.grad((pooler(features, boxes) * weight).sum(), inputs)
    got = torch.autograd.grad((Rows(pooler)(features, boxes) * weight).sum(), inputs)
    for ours, theirs in zip(got, expected):
        assert theirs.abs().mean() > 0.01
        torch.testing.assert_close(ours, theirs, atol=1e-3, rtol=1e-4)
    none = Rows(pooler)(features, [boxes[0][:0], boxes[1][:0]])
    assert none.shape == (0, 5, 7, 7)
    assert all(not g.any() for g in torch.autograd.grad(none.sum(), inputs))


def test_every_second_bin() -> None:
    pooler = Pooler({"res4": 16}, 14, 0, "ROIAlignV2")
    image, boxes = torch.randn(1, 3, 20, 30), boxes_in(320, 480, 30)
    rois = torch.cat([torch.zeros(30, 1), boxes], 1)
    expected = pooler({"res4": image}, [boxes])[..., ::2, ::2]
    torch.testing.assert_close(Rows(pooler).pool([image], rois, 2), expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("stride_in_1x1", [True, False])
def test_conv5_may_begin_on_the_image(stride_in_1x1: bool) -> None:
    torch.manual_seed(0)
    network = backbones.create(
        "resnet50", num_classes=1, width=0.25, stride_in_1x1=stride_in_1x1, norm="frozen"
    )
    head = Conv5Head(network.res5, network.stage_infos()["res5"].channels)
    vary_norms(head)
    pooler = Pooler({"res4": 16}, 14, 0, "ROIAlignV2")
    assert not ProjectedConv5.fits(head)
    features = {"res4": torch.randn(2, network.stage_infos()["res4"].channels, 20, 30)}
    boxes = [boxes_in(320, 480, 140), boxes_in(320, 480, 20, seed=1)]
    with torch.inference_mode():
        expected = head(pooler(features, boxes))
        fold(head)
        assert ProjectedConv5.fits(head)
        fast = ProjectedConv5(Rows(pooler), head)
        assert expected.std() > 0.01
        torch.testing.assert_close(fast(features, boxes), expected, atol=1e-4, rtol=1e-4)
        assert fast(features, [boxes[0][:0], boxes[1][:0]]).shape == (0, head.out_channels)


def detector(small_config, kind: str, speed: Speed = Speed()) -> Detector:  # noqa: B008
    base, more = KINDS[kind]
    cfg = small_config(*FROZEN, *more, base=base)
    torch.manual_seed(0)
    model, _ = build_model(cfg, TV)
    vary_norms(model)
    nn.init.normal_(model.rpn.head.cls_logits.weight, std=0.5)
    nn.init.normal_(model.roi_heads.box_predictor.cls_score.weight, std=0.5)
    nn.init.normal_(model.roi_heads.box_predictor.bbox_pred.weight, std=0.05)
    return Detector(model, cfg, ["a"] * cfg.MODEL.ROI_HEADS.NUM_CLASSES, TV, speed)


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
    expected = list(slow.predict(images([(96, 96), (96, 160)])))
    TV.speed_up(slow.model)
    assert not any(isinstance(m, FrozenBatchNorm2d) for m in slow.model.modules())
    assert (slow.model.roi_heads.describe_on_cpu is not None) is (kind == "C4")
    box, score = apart(list(slow.predict(images([(96, 96), (96, 160)]))), expected)
    assert box < 1e-2
    assert score < 1e-4


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
        detect = staticmethod(lambda model, batch: seen.append(len(batch)) or detect(model, batch))

    expected = list(single.predict(images(SIZES)))
    batched = Detector(single.model, single.cfg, single.class_names, Counting(), Speed(batch=3))
    box, score = apart(list(batched.predict(images(SIZES))), expected)
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

    found = detector(small_config, "basic C4", Speed(batch=2)).predict(endless())
    for number in range(20):
        assert next(found).image_id == number
        assert len(asked) <= number + 1 + 8


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_is_near(precision: str, small_config) -> None:
    full = detector(small_config, "FPN")
    batch = [full._sample(*named) for named in images([(96, 96)])]
    half = Detector(full.model, full.cfg, full.class_names, TV, Speed(precision))
    seen = {}
    predictor = full.model.roi_heads.box_head
    hook = predictor.register_forward_hook(lambda *a: seen.update(type=a[-1].dtype))
    found = half.detect(batch)[0]
    hook.remove()
    assert seen["type"] is {"bf16": torch.bfloat16, "fp16": torch.float16}[precision]
    expected = full.detect(batch)[0]
    assert np.isfinite(found.boxes).all()
    assert abs(found.scores.max() - expected.scores.max()) < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["C4", "FPN"])
def test_a_compiled_detector_finds_the_same(kind: str, small_config) -> None:
    more = ("INPUT.MAX_SIZE_TEST", "200")
    eager = detector(lambda *o, **k: small_config(*o, *more, **k), kind)
    expected = list(eager.predict(images(SIZES)))
    torch._dynamo.reset()
    counters = torch._dynamo.utils.counters
    counters.clear()
    compile_parts(eager.model)
    box, score = apart(list(eager.predict(images(SIZES))), expected)
    assert box < 1e-2
    assert score < 1e-4
    more_sizes = [(96, 104), (120, 96), (96, 144), (96, 128), (96, 112), (144, 96), (96, 184)]
    list(eager.predict(images(more_sizes)))
    assert 2 <= counters["stats"]["unique_graphs"] <= 4  # two parts, at most twice each


def test_values_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="precision must be fp32, bf16 or fp16, got 'int8'"):
        Speed("int8")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="batch must be at least 1, got 0"):
        Speed(batch=0)
