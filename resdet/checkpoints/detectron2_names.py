"""The names in detectron2's own Faster R-CNN files for our canonical names, both ways.

Nothing here imports detectron2: a file of its model zoo, or of its checkpointer, is a dict.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from torch import Tensor

import backbones
from backbones.machine.outline import outline
from backbones.weights import keymaps

C4, DC5, FPN = "C4", "DC5", "FPN"
STAGES = ("res2", "res3", "res4", "res5")

# of what a detectron2 file holds, the first sign of a model that is not ours to build
_OTHERS = (
    ("backbone.trunk.", "our own network under detectron2's trainer, without its config"),
    ("sem_seg_head.", "a model that segments"),
    ("roi_heads.keypoint_head.", "a Keypoint R-CNN"),
    ("roi_heads.mask_head.", "a Mask R-CNN"),
    ("roi_heads.box_predictor.0.", "a Cascade R-CNN"),
    ("head.", "a RetinaNet or another detector of one stage"),
)
_PARTS = ("backbone.", "proposal_generator.", "roi_heads.")
# what it may save beside weights: input statistics, anchors, counts of batches
_NO_WEIGHTS = re.compile(r"^pixel_(mean|std)$|\bcell_anchors\.\d+$|\.num_batches_tracked$")
_PAIR = ("weight", "bias")
_LAYERS = {
    **{f"rpn_head.{n}": f"proposal_generator.rpn_head.{n}" for n in ("conv", "objectness_logits")},
    "rpn_head.anchor_deltas": "proposal_generator.rpn_head.anchor_deltas",
    "box_predictor.cls_score": "roi_heads.box_predictor.cls_score",
    "box_predictor.bbox_pred": "roi_heads.box_predictor.bbox_pred",
}
_HIDDEN = {"box_head.fc6": "roi_heads.box_head.fc1", "box_head.fc7": "roi_heads.box_head.fc2"}
_PYRAMID = {
    f"trunk.{n}.{s}": f"backbone.fpn_{n}{s[-1]}" for n in ("lateral", "output") for s in STAGES
}


@dataclass(frozen=True)
class Layout:
    """Where detectron2 has the stages of which network: C4, DC5 or FPN, and `resnet50`."""

    structure: str
    network: str


def is_detectron2(keys: Iterable[str]) -> bool:
    """True of the keys of any detector that detectron2 saves."""
    prefixes = (*_PARTS, *(prefix for prefix, _ in _OTHERS))
    return any(key.startswith(prefixes) for key in keys)


def layout_of(state: Mapping[str, Tensor], source: str) -> Layout:
    """The layout that the keys show. Raises: ValueError if they are of another kind of model."""
    other = next((o for prefix, o in _OTHERS if any(k.startswith(prefix) for k in state)), "")
    absent = [part for part in _PARTS if not any(k.startswith(part) for k in state)]
    if other or absent:
        raise ValueError(
            f"{source} must hold a Faster R-CNN of detectron2 (C4, DC5 or FPN), got "
            f"{other or f'a model without {absent[0]}*'}; give another file"
        )
    structure = DC5
    if any(key.startswith("backbone.fpn_") for key in state):
        structure = FPN
    elif any(key.startswith("roi_heads.res5.") for key in state):
        structure = C4
    prefixes = r"^(backbone\.bottom_up\.|backbone\.|roi_heads\.(?=res5\.))"
    stages = {re.sub(prefixes, "", key): value for key, value in state.items()}
    try:
        return Layout(structure, keymaps.network_name(stages))
    except ValueError as error:
        raise ValueError(f"{source} must hold a network of the paper: {error}") from error


def key_map(layout: Layout) -> dict[str, str]:
    """Every canonical name of a detector with frozen norms, with its name in detectron2."""
    with outline():
        network = backbones.create(layout.network, num_classes=1, norm="frozen")
    below = "bottom_up." if layout.structure == FPN else ""
    names = {}
    for ours, theirs in keymaps.key_map(keymaps.KINDS["detectron2"], network).items():
        stage = ours.split(".")[0]
        if layout.structure == C4 and stage == "res5":
            names[f"box_head.{ours}"] = f"roi_heads.{theirs}"
        elif stage in network.stage_infos():
            names[f"trunk.{below}{ours}"] = f"backbone.{below}{theirs}"
    layers = dict(_LAYERS)
    if layout.structure != C4:
        layers |= _HIDDEN
    if layout.structure == FPN:
        layers |= _PYRAMID
    return names | {f"{o}.{end}": f"{t}.{end}" for o, t in layers.items() for end in _PAIR}


def from_detectron2(state: Mapping[str, Tensor], layout: Layout, source: str) -> dict[str, Tensor]:
    """Weights under canonical names, without what is no weight.

    Raises: ValueError that lists the keys without a counterpart, on either side.
    """
    weights = {key: value for key, value in state.items() if not _NO_WEIGHTS.search(key)}
    names = {theirs: ours for ours, theirs in key_map(layout).items()}
    return keymaps.rename(weights, names, source)


def to_detectron2(state: Mapping[str, Tensor], layout: Layout, source: str) -> dict[str, Tensor]:
    """Inverse of `from_detectron2`. Raises: ValueError as it does."""
    weights = {key: value for key, value in state.items() if not _NO_WEIGHTS.search(key)}
    return keymaps.rename(weights, key_map(layout), source)
