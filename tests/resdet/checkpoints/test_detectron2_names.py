"""Names as detectron2 gives them, written down here by their rule, against the map."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import torch

from resdet.checkpoints.detectron2_names import (
    Layout,
    from_detectron2,
    is_detectron2,
    key_map,
    layout_of,
    to_detectron2,
)

DEPTHS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}
LAYOUTS = [Layout(s, f"resnet{d}") for s in ("C4", "DC5", "FPN") for d in DEPTHS]


def normed(name: str) -> Iterator[str]:
    yield f"{name}.weight"
    yield from (f"{name}.norm.{n}" for n in ("weight", "bias", "running_mean", "running_var"))


def biased(*names: str) -> Iterator[str]:
    yield from (f"{name}.{n}" for name in names for n in ("weight", "bias"))


def names(layout: Layout) -> Iterator[str]:
    """Every weight of a Faster R-CNN that detectron2 builds."""
    trunk = "backbone.bottom_up" if layout.structure == "FPN" else "backbone"
    yield from normed(f"{trunk}.stem.conv1")
    for stage, blocks in enumerate(DEPTHS[int(layout.network[6:])], 2):
        place = "roi_heads" if layout.structure == "C4" and stage == 5 else trunk
        for block in range(blocks):
            where = f"{place}.res{stage}.{block}"
            if block == 0:
                yield from normed(f"{where}.shortcut")
            for conv in (1, 2, 3):
                yield from normed(f"{where}.conv{conv}")
    if layout.structure == "FPN":
        for level in (2, 3, 4, 5):
            yield from biased(f"backbone.fpn_lateral{level}", f"backbone.fpn_output{level}")
    rpn = "proposal_generator.rpn_head"
    yield from biased(f"{rpn}.conv", f"{rpn}.objectness_logits", f"{rpn}.anchor_deltas")
    if layout.structure != "C4":
        yield from biased("roi_heads.box_head.fc1", "roi_heads.box_head.fc2")
    yield from biased("roi_heads.box_predictor.cls_score", "roi_heads.box_predictor.bbox_pred")


def numbered(layout: Layout) -> dict[str, torch.Tensor]:
    return {name: torch.tensor(float(i)) for i, name in enumerate(names(layout))}


@pytest.mark.parametrize(
    "layout", LAYOUTS, ids=lambda layout: f"{layout.network}-{layout.structure}"
)
def test_every_name_goes_over_and_back(layout: Layout) -> None:
    state = numbered(layout)
    assert layout_of(state, "file") == layout
    extras = {
        "pixel_mean": torch.zeros(3, 1, 1),
        "proposal_generator.anchor_generator.cell_anchors.0": torch.zeros(3, 4),
        f"{next(iter(state)).removesuffix('weight')}norm.num_batches_tracked": torch.tensor(5),
    }
    ours = from_detectron2(state | extras, layout, "file")
    assert set(ours) == set(key_map(layout))
    assert to_detectron2(ours, layout, "file") == state


@pytest.mark.parametrize(
    ("structure", "theirs", "ours"),
    [
        ("C4", "backbone.res4.5.conv3.norm.bias", "trunk.res4.5.norm3.bias"),
        ("C4", "backbone.stem.conv1.norm.running_var", "trunk.stem.norm1.running_var"),
        ("C4", "roi_heads.res5.0.shortcut.weight", "box_head.res5.0.shortcut.conv.weight"),
        ("C4", "roi_heads.res5.0.shortcut.norm.bias", "box_head.res5.0.shortcut.norm.bias"),
        ("DC5", "backbone.res5.2.conv2.weight", "trunk.res5.2.conv2.weight"),
        ("DC5", "roi_heads.box_head.fc1.weight", "box_head.fc6.weight"),
        ("FPN", "backbone.bottom_up.res2.0.conv1.weight", "trunk.bottom_up.res2.0.conv1.weight"),
        ("FPN", "backbone.fpn_lateral3.bias", "trunk.lateral.res3.bias"),
        ("FPN", "backbone.fpn_output5.weight", "trunk.output.res5.weight"),
        (
            "FPN",
            "proposal_generator.rpn_head.anchor_deltas.bias",
            "rpn_head.anchor_deltas.bias",
        ),
        ("FPN", "roi_heads.box_predictor.cls_score.bias", "box_predictor.cls_score.bias"),
    ],
)
def test_some_names(structure: str, theirs: str, ours: str) -> None:
    assert key_map(Layout(structure, "resnet50"))[ours] == theirs


def test_unmatched_names_are_listed_on_both_sides() -> None:
    layout = Layout("FPN", "resnet50")
    state = numbered(layout)
    state["roi_heads.box_head.fc3.weight"] = state.pop("backbone.fpn_output4.bias")
    message = (
        r"weights of zoo\.pkl must match every key; "
        r"unknown keys: \['roi_heads\.box_head\.fc3\.weight'\]; "
        r"missing keys: \['backbone\.fpn_output4\.bias'\]"
    )
    with pytest.raises(ValueError, match=message):
        from_detectron2(state, layout, "zoo.pkl")


@pytest.mark.parametrize(
    ("added", "removed", "found"),
    [
        ("roi_heads.mask_head.mask_fcn1.weight", "", "a Mask R-CNN"),
        ("roi_heads.keypoint_head.conv_fcn1.weight", "", "a Keypoint R-CNN"),
        ("roi_heads.box_predictor.0.cls_score.weight", "", "a Cascade R-CNN"),
        ("sem_seg_head.p2.0.weight", "", "a model that segments"),
        ("head.cls_subnet.0.weight", "roi_heads|proposal", "a RetinaNet or another"),
        ("backbone.trunk.res2.0.conv1.weight", "", "our own network under detectron2's trainer"),
        ("backbone.x", "roi_heads", r"a model without roi_heads\.\*"),
        ("backbone.x", "proposal", r"a model without proposal_generator\.\*"),
    ],
)
def test_other_models_are_named(added: str, removed: str, found: str) -> None:
    state = numbered(Layout("FPN", "resnet50"))
    if removed:
        state = {key: value for key, value in state.items() if not re.match(removed, key)}
    state[added] = torch.tensor(0.0)
    assert is_detectron2(state)
    message = rf"zoo\.pkl must hold a Faster R-CNN of detectron2 \(C4, DC5 or FPN\), got {found}"
    with pytest.raises(ValueError, match=message):
        layout_of(state, "zoo.pkl")


def test_a_depth_that_the_paper_has_not() -> None:
    state = numbered(Layout("C4", "resnet50"))
    state["backbone.res4.6.conv1.weight"] = torch.tensor(0.0)
    with pytest.raises(ValueError, match=r"zoo\.pkl must hold .*got \(3, 4, 7, 3\)"):
        layout_of(state, "zoo.pkl")


def test_files_of_others_are_not_detectron2s() -> None:
    assert not is_detectron2(["conv1_w", "res2_0_branch2a_w", "fc1000_w"])
    assert not is_detectron2(["stem.conv1.weight", "res2.0.conv1.norm.weight", "stem.fc.weight"])
    assert not is_detectron2(["trunk.res2.0.conv1.weight", "rpn_head.conv.weight"])
