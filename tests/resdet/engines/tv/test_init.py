"""The engine on every kind of detector: it learns, detects, and gives its weights away."""

from __future__ import annotations

import pytest
import torch

from resdet import engines
from resdet.detector.build import build_model


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
