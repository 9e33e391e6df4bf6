"""Networks of others computed from their weights alone, by their own names.

Nothing of our modules or key maps is used here: a conversion is right if this and our network
agree on an image.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

LOGITS = "logits"
EPS, GOOGLENET_EPS = 1e-5, 1e-3
_State = Mapping[str, Tensor]


@dataclass(frozen=True)
class _Names:
    """How a kind names its layers; stages count from 2, as in the paper's conv2_x."""

    stem: tuple[str, str]
    block: str
    convolutions: tuple[str, str, str]
    norms: tuple[str, str, str]
    shortcut: tuple[str, str]
    head: str
    stride_in_1x1: bool = False
    stages_from: int = 2


_RESNETS = {
    "torchvision": _Names(
        ("conv1", "bn1"),
        "layer{stage}.{block}.",
        ("conv1", "conv2", "conv3"),
        ("bn1", "bn2", "bn3"),
        ("downsample.0", "downsample.1"),
        "fc",
        stages_from=1,
    ),
    "akamaster": _Names(
        ("conv1", "bn1"),
        "layer{stage}.{block}.",
        ("conv1", "conv2", "conv3"),
        ("bn1", "bn2", "bn3"),
        ("shortcut.0", "shortcut.1"),
        "linear",
        stages_from=1,
    ),
    "detectron2": _Names(
        ("stem.conv1", "stem.conv1.norm"),
        "res{stage}.{block}.",
        ("conv1", "conv2", "conv3"),
        ("conv1.norm", "conv2.norm", "conv3.norm"),
        ("shortcut", "shortcut.norm"),
        "stem.fc",
    ),
    "msra": _Names(
        ("conv1", "res_conv1_bn"),
        "res{stage}_{block}_",
        ("branch2a", "branch2b", "branch2c"),
        ("branch2a_bn", "branch2b_bn", "branch2c_bn"),
        ("branch1", "branch1_bn"),
        "fc1000",
        stride_in_1x1=True,
    ),
}
_VGG_HEADS = {
    "torchvision": ("classifier.0", "classifier.3", "classifier.6"),
    "timm": ("pre_logits.fc1", "pre_logits.fc2", "head.fc"),
}


@torch.no_grad()
def run(kind: str, state: _State, x: Tensor) -> dict[str, Tensor]:
    """Output of every stage, in our stages' names, and the logits of a network of `kind`.

    Shape: (N, 3, H, W), as the kind preprocesses it -> {stage: (N, C, h, w), "logits": (N, K)}.
    """
    if "features.0.weight" in state:
        return _vgg(_VGG_HEADS[kind], state, x)
    if "inception3a.branch1.conv.weight" in state:
        return _googlenet(state, x)
    if "inception_3a_1x1.weight" in state:
        return _bn_inception(state, x)
    return _resnet(_RESNETS["torchvision" if kind == "timm" else kind], state, x)


def _resnet(names: _Names, state: _State, x: Tensor) -> dict[str, Tensor]:
    stem, stem_norm = names.stem
    size = _get(state, stem, "weight").shape[-1]  # 7, or 3 in the networks for small images
    stride = 2 if size == 7 else 1
    x = F.relu(_norm(state, stem_norm, _conv(state, stem, x, stride, size // 2)))
    outputs = {"stem": F.max_pool2d(x, 3, 2, 1) if size == 7 else x}
    x = outputs["stem"]
    for stage in range(4):
        block = 0
        while True:
            prefix = names.block.format(stage=stage + names.stages_from, block=block)
            if not any(key.startswith(prefix) for key in state):
                break
            x = _block(names, state, prefix, x, stride=2 if stage and not block else 1)
            block += 1
        if block:
            outputs[f"res{stage + 2}"] = x
    outputs[LOGITS] = _linear(state, names.head, x.mean((2, 3)))
    return outputs


def _block(names: _Names, state: _State, prefix: str, x: Tensor, stride: int) -> Tensor:
    layers = [
        (prefix + conv, prefix + norm)
        for conv, norm in zip(names.convolutions, names.norms, strict=True)
        if _find(state, prefix + conv, "weight") is not None
    ]
    strided = 1 if len(layers) == 3 and not names.stride_in_1x1 else 0
    out = x
    for index, (conv, norm) in enumerate(layers):
        padding = _get(state, conv, "weight").shape[-1] // 2
        out = _conv(state, conv, out, stride if index == strided else 1, padding)
        out = _norm(state, norm, out)
        out = out if index == len(layers) - 1 else F.relu(out)
    conv, norm = (prefix + name for name in names.shortcut)
    if _find(state, conv, "weight") is not None:
        x = _norm(state, norm, _conv(state, conv, x, stride, 0))
    elif out.shape[1] != x.shape[1]:  # akamaster's option A: zeros on both sides
        around = (out.shape[1] - x.shape[1]) // 2
        x = F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, around, around))
    return F.relu(out + x)


def _vgg(head: tuple[str, str, str], state: _State, x: Tensor) -> dict[str, Tensor]:
    """A row of layers without gaps but for ReLU and pools: a gap too wide by one is a pool."""
    outputs: dict[str, Tensor] = {}
    rows = sorted({int(key.split(".")[1]) for key in state if key.startswith("features.")})
    for index, following in zip(rows, [*rows[1:], None], strict=True):
        layer = f"features.{index}"
        normed = state[f"{layer}.weight"].ndim == 1
        x = _norm(state, layer, x) if normed else _conv(state, layer, x, 1, 1)
        if following == index + 1:
            continue  # its norm follows
        x = F.relu(x)
        if following is None or following > index + 2:
            outputs[f"conv{len(outputs) + 1}"] = x
            x = F.max_pool2d(x, 2)
    x = F.adaptive_avg_pool2d(x, 7).flatten(1)
    for layer in head[:2]:
        x = F.relu(_linear(state, layer, x))
    return {**outputs, LOGITS: _linear(state, head[2], x)}


def _googlenet(state: _State, x: Tensor) -> dict[str, Tensor]:
    """A pool before 3a, 4a and 5a; branches side by side, their layers one after another."""

    def unit(layer: str, x: Tensor, stride: int = 1) -> Tensor:
        padding = _get(state, f"{layer}.conv", "weight").shape[-1] // 2
        x = _conv(state, f"{layer}.conv", x, stride, padding)
        return F.relu(_norm(state, f"{layer}.bn", x, GOOGLENET_EPS))

    outputs = {"stem": F.max_pool2d(unit("conv1", x, 2), 3, 2, ceil_mode=True)}
    x = outputs["res2"] = unit("conv3", unit("conv2", outputs["stem"]))
    for stage, letters, pool in ((3, "ab", 3), (4, "abcde", 3), (5, "ab", 2)):
        x = F.max_pool2d(x, pool, 2, ceil_mode=True)
        for module in (f"inception{stage}{letter}" for letter in letters):
            pooled = F.max_pool2d(x, 3, 1, 1)
            middle, wide = (
                unit(f"{module}.branch{i}.1", unit(f"{module}.branch{i}.0", x)) for i in (2, 3)
            )
            branches = [unit(f"{module}.branch1", x), middle, wide]
            x = torch.cat([*branches, unit(f"{module}.branch4.1", pooled)], 1)
        outputs[f"res{stage}"] = x
    return {**outputs, LOGITS: _linear(state, "fc", x.mean((2, 3)))}


def _bn_inception(state: _State, x: Tensor) -> dict[str, Tensor]:
    """3c and 4e have no 1x1 of their own and halve the map; 5b takes maxima, the others means."""

    def unit(layer: str, x: Tensor, stride: int = 1) -> Tensor:
        padding = _get(state, layer, "weight").shape[-1] // 2
        return F.relu(_norm(state, f"{layer}_bn", _conv(state, layer, x, stride, padding)))

    def module(name: str, x: Tensor) -> Tensor:
        stride = 2 if name in ("3c", "4e") else 1
        layer = f"inception_{name}_"
        middle = unit(f"{layer}3x3", unit(f"{layer}3x3_reduce", x), stride)
        wide = unit(f"{layer}double_3x3_1", unit(f"{layer}double_3x3_reduce", x))
        branches = [middle, unit(f"{layer}double_3x3_2", wide, stride)]
        if stride == 2:
            return torch.cat([*branches, F.max_pool2d(x, 3, 2, ceil_mode=True)], 1)
        pooled = F.max_pool2d(x, 3, 1, 1) if name == "5b" else F.avg_pool2d(x, 3, 1, 1)
        last = unit(f"{layer}pool_proj", pooled)
        return torch.cat([unit(f"{layer}1x1", x), *branches, last], 1)

    outputs = {"stem": F.max_pool2d(unit("conv1_7x7_s2", x, 2), 3, 2, ceil_mode=True)}
    outputs["res2"] = unit("conv2_3x3", unit("conv2_3x3_reduce", outputs["stem"]))
    x = F.max_pool2d(outputs["res2"], 3, 2, ceil_mode=True)
    stages = {
        "res3": ("3a", "3b"),
        "res4": ("3c", "4a", "4b", "4c", "4d"),
        "res5": ("4e", "5a", "5b"),
    }
    for stage, names in stages.items():
        for name in names:
            x = module(name, x)
        outputs[stage] = x
    return {**outputs, LOGITS: _linear(state, "last_linear", x.mean((2, 3)))}


def _conv(state: _State, layer: str, x: Tensor, stride: int, padding: int) -> Tensor:
    return F.conv2d(x, _get(state, layer, "weight"), _find(state, layer, "bias"), stride, padding)


def _linear(state: _State, layer: str, x: Tensor) -> Tensor:
    return F.linear(x, _get(state, layer, "weight").flatten(1), _get(state, layer, "bias"))


def _norm(state: _State, layer: str, x: Tensor, eps: float = EPS) -> Tensor:
    if f"{layer}_s" in state:  # Detectron's affine layer
        return x * state[f"{layer}_s"][:, None, None] + state[f"{layer}_b"][:, None, None]
    mean, variance = _get(state, layer, "running_mean"), _get(state, layer, "running_var")
    weight, bias = _get(state, layer, "weight"), _get(state, layer, "bias")
    return F.batch_norm(x, mean, variance, weight, bias, eps=eps)


def _get(state: _State, layer: str, leaf: str) -> Tensor:
    found = _find(state, layer, leaf)
    assert found is not None, f"{layer} without {leaf}"
    return found


def _find(state: _State, layer: str, leaf: str) -> Tensor | None:
    """The array under torch's name, or one of Caffe's."""
    caffe = {"weight": ("w", "gamma"), "bias": ("b", "beta")}.get(leaf, (leaf,))
    names = [f"{layer}.{leaf}", *(f"{layer}_{short}" for short in caffe)]
    return next((state[name] for name in names if name in state), None)
