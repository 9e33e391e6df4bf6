"""The localiser: what it learns of an image, and where it says that a class is."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from resdet import engines
from resdet.detector.build import build_model
from resdet.engines.tv.anchors import UnroundedAnchors
from resdet.engines.tv.localiser import Localiser, Regions, Sampling
from resdet.modeling.batching import NormalizeAndPad
from resdet.modeling.per_class import OF_CLASSES, REGIONS

UNIT = (1.0, 1.0, 1.0, 1.0)
SMALL = (
    *("MODEL.RESNETS.DEPTH", "18", "MODEL.ROI_HEADS.NUM_CLASSES", "6"),
    *("MODEL.ROI_BOX_HEAD.WARPED_SIZE", "32", "MODEL.RPN.POST_NMS_TOPK_TEST", "5"),
)


class Cells(nn.Module):
    """A trunk of stride 8, without weights."""

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"f": nn.functional.avg_pool2d(x, 8)}


class Says(nn.Module):
    """An RPN head that says what it is given. Shape: logits (P, K), deltas (P, K, 4)."""

    def __init__(self, logits: torch.Tensor, deltas: torch.Tensor) -> None:
        super().__init__()
        self.logits, self.deltas = nn.Parameter(logits), nn.Parameter(deltas)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return tuple(v.expand(len(x), *v.shape) for v in (self.logits, self.deltas))


class Mean(nn.Module):
    """Of a region the mean of its pixels."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean(dim=(2, 3))


class Reads(nn.Module):
    """Class 0 is likelier the brighter a region is, class 1 the darker; boxes stay."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mean = x.mean(dim=1, keepdim=True)
        return torch.cat([mean, -mean], 1), x.new_zeros(len(x), 2, 4)


def localiser(logits, deltas=None, count=8, regions=None) -> Localiser:
    """Four anchors of 8 x 8 pixels on an image of 16 x 16, centred at 0 and 8."""
    logits = torch.tensor(logits, dtype=torch.float32)
    deltas = torch.zeros(*logits.shape, 4) if deltas is None else deltas
    return Localiser(
        Cells(),
        "f",
        Says(logits, deltas),
        UnroundedAnchors([[8]], [[1.0]], [8]),
        NormalizeAndPad([0.0] * 3, [1.0] * 3, 1),
        Sampling(count, 0.5, (0.3, 0.7), UNIT, 1 / 9),
        limit=5,
        regions=regions,
    )


IMAGE = torch.zeros(3, 16, 16, dtype=torch.uint8)


def test_each_class_has_the_place_where_it_is_likeliest():
    # anchors at (0, 0), (8, 0), (0, 8), (8, 8); class 0 at the second, class 1 at the last
    deltas = torch.zeros(4, 2, 4)
    deltas[3, 1] = torch.tensor([0, 0, math.log(0.5), 0])  # half as wide
    model = localiser([[0, 0], [2, 0], [1, 0], [0, 3]], deltas).eval()
    with torch.no_grad():
        ((boxes, labels, scores),) = model.detect([IMAGE])
        ((asked, order, _),) = model.localise([IMAGE], [torch.tensor([0, 1, 0])])
    assert labels.tolist() == [1, 0]
    assert boxes.tolist() == [[6, 4, 10, 12], [4, 0, 12, 4]]  # inside the image
    assert scores.tolist() == pytest.approx([1 / (1 + math.exp(-3)), 1 / (1 + math.exp(-2))])
    assert asked.tolist() == [[4, 0, 12, 4], [6, 4, 10, 12], [4, 0, 12, 4]]
    assert order.tolist() == [0, 1, 0]


def test_only_the_outputs_of_the_nearest_objects_class_learn():
    model = localiser([[0.0, 0.0]] * 4)
    target = {"boxes": torch.tensor([[4.0, 4, 12, 12]]), "labels": torch.tensor([1])}
    losses = model([IMAGE], [target])
    # the anchor at (8, 8) is the object; the others overlap it by less than 0.3: 4 of log 2
    assert losses["loss_rpn_cls"].item() == pytest.approx(4 * math.log(2) / 8)
    assert losses["loss_rpn_loc"].item() == 0
    sum(losses.values()).backward()
    assert model.rpn_head.logits.grad[:, 0].tolist() == [0] * 4
    assert model.rpn_head.logits.grad[:, 1].tolist() == [0.5 / 8] * 3 + [-0.5 / 8]
    moved = {"boxes": torch.tensor([[5.0, 4, 13, 12]]), "labels": torch.tensor([1])}
    # 1 / 8 of its width to the right: beta is 1 / 9, so 1 / 8 - 1 / 18
    assert model([IMAGE], [moved])["loss_rpn_loc"].item() == pytest.approx((1 / 8 - 1 / 18) / 8)


def test_what_is_no_object_learns_of_the_class_that_is_nearest():
    # of class 1 an object over half of the anchor at (8, 0), its best, and 0.23 of that at (0, 0)
    model = localiser([[0.0, 0.0]] * 4)
    boxes = torch.tensor([[4.0, 4, 12, 12], [1, -4, 9, 4]])
    model([IMAGE], [{"boxes": boxes, "labels": torch.tensor([0, 1])}])["loss_rpn_cls"].backward()
    signs = model.rpn_head.logits.grad.sign().tolist()
    assert signs == [[0, 1], [0, -1], [1, 0], [-1, 0]]


def test_half_of_the_sampled_anchors_are_objects():
    model = localiser([[0.0]] * 4, count=2)
    whole = {"boxes": torch.tensor([[4.0, 4, 12, 12]]), "labels": torch.tensor([0])}
    for _ in range(5):
        model.zero_grad()
        sum(model([IMAGE], [whole]).values()).backward()
        signs = model.rpn_head.logits.grad[:, 0].sign().tolist()
        assert (signs.count(1), signs.count(-1)) == (1, 1)


def test_an_image_without_objects_teaches_nothing():
    model = localiser([[0.0]] * 4)
    none = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}
    losses = model([IMAGE], [none])
    assert [loss.item() for loss in losses.values()] == [0, 0]
    sum(losses.values()).backward()


def test_an_r_cnn_chooses_among_what_is_proposed():
    rule = Sampling(1, 0.5, (0.5, 0.5), UNIT, 1.0)
    regions = Regions(Mean(), Reads(), rule, proposals=2, overlap=1.0, side=4)
    image = IMAGE.clone()
    image[:, :, 8:] = 200  # the right half is bright, most so where the RPN proposes nothing
    image[:, :8, 8:] = 250
    # class 0, of bright regions: the RPN proposes the anchors at (0, 8) and (8, 8), the left first
    model = localiser([[0, 1], [1, 0], [3, 0], [2, 9]], regions=regions).eval()
    with torch.no_grad():
        ((boxes, _, scores),) = model.localise([image], [torch.tensor([0, 1])])
    assert boxes[0].tolist() == [4, 4, 12, 12]
    assert boxes[1].tolist() == [0, 0, 4, 4]  # of dark ones: at (8, 8) and (0, 0), the latter dark
    assert scores[0] > 0.99
    assert not any(p.requires_grad for p in model.rpn_head.parameters())


def sample(boxes: list[list[float]], label: int = 2, size: int = 64) -> dict:
    return {
        "image": torch.randint(0, 256, (3, size, size), dtype=torch.uint8),
        "boxes": torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
        "labels": torch.full((len(boxes),), label),
        "image_id": "a",
        "height": size,
        "width": size,
        "index": 0,
    }


@pytest.mark.parametrize(
    ("base", "losses", "learning"),
    [
        ("imagenet_loc_r101", {"loss_rpn_cls", "loss_rpn_loc"}, ("trunk.", "rpn_head.")),
        ("imagenet_loc_rcnn_r101", {"loss_cls", "loss_box_reg"}, REGIONS),
    ],
)
def test_the_engine_trains_it_and_detects_with_it(base, losses, learning, small_config):
    torch.manual_seed(0)
    engine = engines.load("tv")
    model, _ = build_model(small_config(*SMALL, base=base), engine)
    model.train()
    for batch in ([sample([[10, 10, 60, 60]]), sample([])], [sample([]), sample([])]):
        found = engine.compute_losses(model, batch)
        assert found.keys() == losses
        assert all(torch.isfinite(loss) for loss in found.values())
        sum(found.values()).backward()
    assert all(n.startswith(learning) for n, p in model.named_parameters() if p.grad is not None)
    with torch.no_grad():
        engine.speed_up(model.eval())
        (boxes, labels, scores), _ = engine.detect(model, [sample([]), sample([], size=32)])
    assert boxes.shape == (5, 4)  # guesses
    assert len({*labels.tolist()}) == 5
    assert (scores.diff() <= 0).all()


def test_its_weights_bear_their_canonical_names(small_config):
    engine = engines.load("tv")
    model, _ = build_model(small_config(*SMALL, base="imagenet_loc_rcnn_r101"), engine)
    state = engine.canonical_state(model)
    parts = {key.split(".")[0] for key in state}
    assert parts == {"trunk", "rpn_head", "box_head", "box_predictor"}
    assert {p for p in OF_CLASSES if any(k.startswith(p) for k in state)} == {*OF_CLASSES}
    other, _ = build_model(small_config(*SMALL, base="imagenet_loc_rcnn_r101"), engine)
    engine.load_canonical_state(other, state, "the test")
    again = engine.canonical_state(other)
    assert all(torch.equal(value, again[key]) for key, value in state.items())


def test_a_few_steps_lower_its_loss(small_config):
    torch.manual_seed(0)
    engine = engines.load("tv")
    model, _ = build_model(small_config(*SMALL, base="imagenet_loc_r101"), engine)
    batch = [sample([[10, 10, 60, 60]]), sample([[0, 0, 40, 40]], label=4)]
    optimizer = torch.optim.AdamW(model.parameters(), 0.002)
    seen = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = sum(engine.compute_losses(model, batch).values())
        loss.backward()
        optimizer.step()
        seen.append(loss.item())
    assert sum(seen[-3:]) < 0.5 * sum(seen[:3])
