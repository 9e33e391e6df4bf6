"""Which anchors learn, and the losses over them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torchvision.models.detection.rpn import RPNHead

from resdet.engines.tv.anchors import UnroundedAnchors
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
