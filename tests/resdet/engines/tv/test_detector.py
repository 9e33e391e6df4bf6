from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.rpn import RPNHead

from resdet import engines
from resdet.detector.build import build_model
from resdet.engines.tv.anchors import UnroundedAnchors
from resdet.engines.tv.detector import Transform
from resdet.engines.tv.roi_heads import _background_first
from resdet.engines.tv.rpn import ProposalNetwork, RPNLoss, smooth_l1


def network(boundary: float = -1, beta: float = 0.0, per_image: int = 1000) -> ProposalNetwork:
    anchors = UnroundedAnchors([[16]], [[1.0]], [16])
    return ProposalNetwork(
        anchors,
        RPNHead(4, 1),
        fg_iou_thresh=0.7,
        bg_iou_thresh=0.3,
        batch_size_per_image=per_image,
        positive_fraction=1.0,
        pre_nms_top_n={"training": 10, "testing": 10},
        post_nms_top_n={"training": 5, "testing": 5},
        nms_thresh=0.7,
        loss=RPNLoss(boundary, beta, 1.0, 1.0),
        in_features=("res4",),
        bbox_reg_weights=(1.0, 1.0, 1.0, 1.0),
        min_size=0,
    )


def test_anchors_are_unrounded_and_sizes_come_before_ratios() -> None:
    cells = UnroundedAnchors([[32, 64]], [[0.5, 1.0]], [16]).generate_anchors([32, 64], [0.5, 1.0])
    half = 32 * 2**0.5 / 2  # ratio 0.5: width 32 * sqrt(2), height half of it
    assert torch.allclose(cells[0], torch.tensor([-half, -half / 2, half, half / 2]))
    assert cells[1].tolist() == [-16, -16, 16, 16]
    assert cells[3].tolist() == [-32, -32, 32, 32]


def test_anchors_keep_the_stride_of_the_network() -> None:
    # 600 pixels under stride 16 make 38 cells; 600 // 38 would be 15
    anchors = UnroundedAnchors([[32]], [[1.0]], [16])
    images = ImageList(torch.zeros(2, 3, 600, 600), [(600, 600), (500, 600)])
    per_image = anchors(images, [torch.zeros(2, 8, 38, 38)])
    assert len(per_image) == 2
    centres = (per_image[0][:, :2] + per_image[0][:, 2:]) / 2
    assert centres[1].tolist() == [16, 0]  # x moves first
    assert centres[-1].tolist() == [37 * 16, 37 * 16]


def test_anchors_that_leave_the_image_are_ignored_when_asked() -> None:
    anchors = [torch.tensor([[0.0, 0, 16, 16], [-1.0, 0, 15, 16], [16.0, 0, 32.5, 16]])]
    target = {
        "boxes": torch.tensor([[0.0, 0, 16, 16]]),
        "labels": torch.tensor([1]),
        "size": torch.tensor([32, 32]),
    }
    kept, _ = network(boundary=-1).assign_targets_to_anchors(anchors, [target])
    assert kept[0].tolist() == [1, 1, 0]
    strict, _ = network(boundary=0).assign_targets_to_anchors(anchors, [target])
    assert strict[0].tolist() == [1, -1, -1]
    loose, _ = network(boundary=2).assign_targets_to_anchors(anchors, [target])
    assert loose[0].tolist() == [1, 1, 0]


def test_rpn_losses_are_divided_by_the_anchors_asked_for() -> None:
    logits, deltas = torch.tensor([[2.0], [-1.0], [0.5]]), torch.ones(3, 4)
    labels, targets = [torch.tensor([1.0, 0.0, -1.0])], [torch.zeros(3, 4)]
    cls, loc = network(beta=0.5, per_image=10).compute_loss(logits, deltas, labels, targets)
    # the third anchor is ignored; asked for 10
    by_hand = F.softplus(torch.tensor(-2.0)) + F.softplus(torch.tensor(-1.0))
    assert torch.isclose(cls, by_hand / 10)
    assert torch.isclose(loc, torch.tensor(4 * (1 - 0.25) / 10))


def test_smooth_l1_with_beta_0_is_l1() -> None:
    ours = smooth_l1(torch.tensor([0.5, -2.0]), torch.zeros(2), 0.0)
    assert ours.item() == 2.5


def test_background_moves_from_last_to_first() -> None:
    logits, refinements = torch.tensor([[1.0, 2.0, 9.0]]), torch.arange(8.0)[None]
    moved, padded = _background_first(logits, refinements)
    assert moved.tolist() == [[9, 1, 2]]
    assert padded.tolist() == [[0, 0, 0, 0, *range(8)]]


def test_images_are_normalised_and_padded_to_the_right_and_below() -> None:
    transform = Transform([10.0, 20.0, 30.0], [2.0, 2.0, 2.0], divisibility=4)
    images = [torch.full((3, 5, 3), 12, dtype=torch.uint8), torch.zeros(3, 2, 6, dtype=torch.uint8)]
    batch, _ = transform(images)
    assert batch.tensors.shape == (2, 3, 8, 8)
    assert batch.image_sizes == [(5, 3), (2, 6)]
    assert batch.tensors[0, :, 4, 2].tolist() == [1, -4, -9]
    assert batch.tensors[0, :, 5:].abs().sum() == 0
    assert batch.tensors[0, :, :, 3:].abs().sum() == 0
    assert batch.tensors[1, :, 0, 0].tolist() == [-5, -10, -15]


def sample(boxes: list[list[float]], size: int = 96) -> dict:
    return {
        "image": torch.randint(0, 256, (3, size, size), dtype=torch.uint8),
        "boxes": torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
        "labels": torch.arange(len(boxes)) % 6,
        "image_id": "a",
        "height": size,
        "width": size,
        "index": 0,
    }


LOSSES = ["loss_box_reg", "loss_cls", "loss_rpn_cls", "loss_rpn_loc"]


@pytest.mark.parametrize(
    ("base", "more"),
    [
        ("shapes_r18", ()),
        ("shapes_vgg16", ("MODEL.ROI_BOX_HEAD.FC_DIM", "512")),
        ("coco_r101_fpn", ("MODEL.RESNETS.DEPTH", "18", "MODEL.ROI_HEADS.NUM_CLASSES", "6")),
    ],
)
def test_every_detector_learns_with_and_without_boxes_and_detects(
    base: str, more: tuple[str, ...], small_config
) -> None:
    torch.manual_seed(0)
    engine = engines.load("tv")
    model, _ = build_model(small_config(*more, base=base), engine)
    model.train()
    for batch in ([sample([[10, 10, 60, 60]]), sample([])], [sample([]), sample([])]):
        model.zero_grad()
        losses = engine.compute_losses(model, batch)
        assert sorted(losses) == LOSSES
        sum(losses.values()).backward()
        assert all(torch.isfinite(loss) for loss in losses.values())
        without = [n for n, p in model.named_parameters() if p.requires_grad and p.grad is None]
        assert without == []
    with torch.no_grad():
        for boxes, labels, scores in engine.detect(model.eval(), [sample([]), sample([], 64)]):
            assert boxes.shape == (len(labels), 4)
            assert ((labels >= 0) & (labels < 6)).all()
            assert (scores.diff() <= 0).all()


def test_labels_pass_through_unshifted(small_config) -> None:
    """A predictor that always says class 4 must be trained by, and answer with, label 4."""
    engine = engines.load("tv")
    model, _ = build_model(small_config(), engine)
    predictor = model.roi_heads.box_predictor
    with torch.no_grad():
        predictor.cls_score.weight.zero_()
        predictor.cls_score.bias.copy_(torch.tensor([0, 0, 0, 0, 20.0, 0, 0]))
    found = engine.detect(model.eval(), [sample([])])[0]
    assert set(found[1].tolist()) == {4}
    batch = [sample([[5, 5, 90, 90]])]
    batch[0]["labels"] = torch.tensor([4])
    torch.manual_seed(0)
    right = engine.compute_losses(model.train(), batch)["loss_cls"].item()
    batch[0]["labels"] = torch.tensor([3])
    torch.manual_seed(0)
    wrong = engine.compute_losses(model, batch)["loss_cls"].item()
    assert right < wrong


def test_canonical_names_know_no_engine_and_lead_back(small_config) -> None:
    engine = engines.load("tv")
    model, _ = build_model(small_config(), engine)
    state = engine.canonical_state(model)
    heads = {key.split(".")[0] for key in state}
    assert heads == {"trunk", "rpn_head", "box_head", "box_predictor"}
    assert state["box_predictor.cls_score.weight"].shape[0] == 7
    assert state["box_predictor.bbox_pred.weight"].shape[0] == 24
    other, _ = build_model(small_config(), engine)
    engine.load_canonical_state(other, state, "x")
    for key, value in engine.canonical_state(other).items():
        assert torch.equal(value, state[key]), key


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(ValueError, match="--engine must be auto, d2 or tv, got 'mm'"):
        engines.load("mm")
