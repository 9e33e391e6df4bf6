"""Batch norms of others as ours are: four numbers a channel, and no bias before them."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

EPS = 1e-5
_MEAN = "_bn.running_mean"
StateDict = dict[str, Tensor]


def whole(blobs: Mapping[str, Tensor]) -> StateDict:
    """MSRA's blobs as four numbers per norm: no momenta, affine layers, biases before norms.

    Detectron's files hold s and b of an affine layer, which 1 - eps for a variance makes exact;
    its zero biases of convolutions, and conv1's of ResNet-50, go into the means, as norm(x + b).
    """
    state = {key: value for key, value in blobs.items() if not key.endswith("_momentum")}
    for norm in [key.removesuffix("_s") for key in state if key.endswith("_bn_s")]:
        if f"{norm}_b" not in state:
            continue  # it will be missed by name
        state[f"{norm}_gamma"], state[f"{norm}_beta"] = (
            state.pop(f"{norm}_s"),
            state.pop(f"{norm}_b"),
        )
        state[f"{norm}_running_mean"] = torch.zeros_like(state[f"{norm}_gamma"])
        state[f"{norm}_running_var"] = torch.full_like(state[f"{norm}_gamma"], 1 - EPS)
    for layer in [k.removesuffix("_b") for k in state if re.fullmatch(r"(conv1|res.*)_b", k)]:
        mean = f"{'res_' if layer == 'conv1' else ''}{layer}_bn_running_mean"
        if mean in state:
            state[mean] = state[mean] - state.pop(f"{layer}_b")
    return state


def without_biases(state: Mapping[str, Tensor]) -> StateDict:
    """Biases of convolutions go into the means of the norms that follow, as norm(x + b)."""
    kept = dict(state)
    for mean in [key for key in state if key.endswith(_MEAN)]:
        bias = kept.pop(f"{mean.removesuffix(_MEAN)}.bias", None)
        if bias is not None:
            kept[mean] = kept[mean] - bias
    return kept


def with_biases(state: Mapping[str, Tensor]) -> StateDict:
    """Biases of zero for every convolution, where networks of others have some."""
    means = {key: value for key, value in state.items() if key.endswith(_MEAN)}
    zeros = {f"{k.removesuffix(_MEAN)}.bias": torch.zeros_like(v) for k, v in means.items()}
    return {**state, **zeros}
