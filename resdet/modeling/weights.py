"""Canonical names of a detector's weights, and strict passage in and out of an engine's names.

Canonical names know no engine: `trunk.res4.0.conv1.weight`, `rpn_head.objectness_logits.weight`,
`box_head.res5.0.conv1.weight`, `box_predictor.cls_score.weight` (background last). They are the
ends of detectron2's own, by which its checkpointer finds their places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

Prefixes = Sequence[tuple[str, str]]  # (canonical, engine's)
LISTED = 12
COUNTER = ".num_batches_tracked"


def rename(state: Mapping[str, Tensor], prefixes: Prefixes) -> dict[str, Tensor]:
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
        raise ValueError(f"weights must begin with {known}, got {_list(strangers)}")
    return renamed


def load_strictly(model: nn.Module, state: Mapping[str, Tensor], source: str) -> None:
    """Copy `state` into `model` when every name and shape agrees, else change nothing.

    Raises: ValueError that lists what is missing, unknown, or of another shape.
    """
    own = model.state_dict()
    # a trained batch norm counts its batches, a frozen one does not; nothing depends on it
    state = {k: v for k, v in state.items() if k in own or not k.endswith(COUNTER)}
    state |= {k: v for k, v in own.items() if k.endswith(COUNTER) and k not in state}
    faults = []
    missing = [k for k in own if k not in state]
    unknown = [k for k in state if k not in own]
    if missing:
        faults.append(f"missing: {_list(missing)}")
    if unknown:
        faults.append(f"unknown: {_list(unknown)}")
    for key in own.keys() & state.keys():
        if own[key].shape != state[key].shape:
            faults.append(f"{key} must be {tuple(own[key].shape)}, got {tuple(state[key].shape)}")
    if faults:
        raise ValueError(
            f"weights of {source} must fit the model of the config; {'; '.join(sorted(faults))}"
        )
    model.load_state_dict(state)


def _list(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - LISTED} more" if len(keys) > LISTED else ""
    return ", ".join(keys[:LISTED]) + more
