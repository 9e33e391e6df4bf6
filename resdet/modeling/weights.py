"""Canonical names of a detector's weights, and strict passage in and out of an engine's names.

Canonical names know no engine: `trunk.res4.0.conv1.weight`, `rpn_head.objectness_logits.weight`,
`box_head.res5.0.conv1.weight`, `box_predictor.cls_score.weight` (background last). They are the
ends of detectron2's own, by which its checkpointer finds their places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from backbones.weights.shapes import listed, matched

Prefixes = Sequence[tuple[str, str]]  # (canonical, engine's)


def rename(
    state: Mapping[str, Tensor], prefixes: Prefixes, source: str = "the model"
) -> dict[str, Tensor]:
    """Replace the prefix of every key: the first pair that fits, from left to right.

    Raises: ValueError that lists the keys without a prefix.
    """
    renamed: dict[str, Tensor] = {}
    strangers = []
    for key, value in state.items():
        for old, new in prefixes:
            if key.startswith(old):
                renamed[new + key.removeprefix(old)] = value
                break
        else:
            strangers.append(key)
    if strangers:
        known = [prefix for prefix, _ in prefixes]
        raise ValueError(f"weights of {source} must begin with {known}, got {listed(strangers)}")
    return renamed


def load_strictly(model: nn.Module, state: Mapping[str, Tensor], source: str) -> None:
    """Copy `state` into `model` when every name and shape agrees, else change nothing.

    Raises: ValueError that lists what is missing, unknown, or of another shape.
    """
    model.load_state_dict(matched(model.state_dict(), state, source))
