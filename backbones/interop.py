"""Weights of others: torchvision's names to ours and back, and its published files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torchvision
from torch import Tensor, nn

from backbones.checkpoint import BackboneCheckpoint, Preprocessing, load_backbone
from backbones.features import Classifier
from backbones.registry import create
from backbones.vgg import VGG

TORCHVISION = "torchvision:"
_STAGES = {"res2": "layer1", "res3": "layer2", "res4": "layer3", "res5": "layer4"}
_BATCH_NORMS = ("frozen", "bn", "sync")
# what must agree for weights to mean the same in another network
_DECISIVE = ("name", "width", "shortcut", "stride_in_1x1", "eps")


@dataclass(frozen=True)
class LoadedWeights:
    """What came with the weights, and the keys that were left out on request."""

    preprocessing: Preprocessing
    dropped: tuple[str, ...] = ()


def from_torchvision(name: str, state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename a torchvision state dict to the names of our network `name`.

    Raises: ValueError that lists the keys without a counterpart, on either side.
    """
    ours_to_theirs = _layer_names(name, state_dict)
    return _rename(state_dict, {theirs: ours for ours, theirs in ours_to_theirs.items()}, name)


def to_torchvision(name: str, state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename a state dict of our network `name` to torchvision's names; inverse of the above.

    Raises: ValueError that lists the keys without a counterpart, on either side.
    """
    return _rename(state_dict, _layer_names(name, state_dict), name)


def torchvision_weights(spec: str, name: str) -> BackboneCheckpoint:
    """Return the weights that torchvision publishes for our network `name`.

    `spec` is `torchvision:<member of its enum>`, such as torchvision:IMAGENET1K_V1.
    Raises: ValueError if torchvision has no such network or weights, or the file cannot be had.
    """
    member = spec.removeprefix(TORCHVISION)
    if name not in torchvision.models.list_models(module=torchvision.models):
        raise ValueError(f"MODEL.WEIGHTS must fit {name}, got {spec}; torchvision has no {name}")
    enum = torchvision.models.get_model_weights(name)
    if member not in enum.__members__:
        raise ValueError(
            f"MODEL.WEIGHTS must be one of {', '.join(TORCHVISION + m for m in enum.__members__)} "
            f"for {name}, got {spec}"
        )
    weights = enum[member]
    transforms = weights.transforms()
    with torch.device("meta"):
        arch = create(name).arch
    if "stride_in_1x1" in arch:
        arch["stride_in_1x1"] = False
    return BackboneCheckpoint(
        arch=arch,
        num_classes=len(weights.meta["categories"]),
        model=from_torchvision(name, _download(weights, spec)),
        preprocessing=Preprocessing(
            channel_order="RGB",
            scale=1 / 255,
            mean=tuple(transforms.mean),
            std=tuple(transforms.std),
            class_names=tuple(weights.meta["categories"]),
        ),
        meta={"source": spec},
    )


def read_weights(path_or_spec: str, name: str) -> BackboneCheckpoint:
    """Return a file of tools/train_backbone.py or `torchvision:<weights>` for the network `name`.

    Raises: ValueError, FileNotFoundError.
    """
    if path_or_spec.startswith(TORCHVISION):
        return torchvision_weights(path_or_spec, name)
    return load_backbone(Path(path_or_spec))


def load_weights(
    model: Classifier, path_or_spec: str, *, drop_classifier: bool = False
) -> LoadedWeights:
    """Fill `model` with the weights of a file or of `torchvision:<weights>`.

    `drop_classifier` leaves the last layer as it was drawn; the result names its keys.
    Raises: ValueError that lists what differs: architecture, number of classes, keys.
    """
    checkpoint = read_weights(path_or_spec, model.arch["name"])
    return fill(model, checkpoint, path_or_spec, drop_classifier=drop_classifier)


def fill(
    model: Classifier,
    checkpoint: BackboneCheckpoint,
    source: str,
    *,
    drop_classifier: bool = False,
) -> LoadedWeights:
    """`load_weights` from a checkpoint in memory; `source` names it in errors."""
    check_arch(checkpoint.arch, model.arch, source)
    state = dict(checkpoint.model)
    dropped: tuple[str, ...] = ()
    if drop_classifier:
        prefixes = tuple(f"{layer}." for layer in model.classifier_names)
        dropped = tuple(key for key in state if key.startswith(prefixes))
        own = model.state_dict()
        state.update({key: own[key] for key in dropped})
    elif checkpoint.num_classes != model.num_classes:
        raise ValueError(
            f"num_classes must be {model.num_classes}, got {checkpoint.num_classes} in {source}; "
            "leave its last layer out (drop_classifier) or take the classes it was trained on"
        )
    _load_strictly(model, state, source)
    return LoadedWeights(checkpoint.preprocessing, dropped)


def check_arch(weights: Mapping[str, Any], network: Mapping[str, Any], source: str) -> None:
    """Raise a ValueError with every difference, if weights of one arch mean nothing in the other.

    Batch norms of every kind hold the same numbers; dropout holds none.
    """
    faults = [
        f"{key} must be {network.get(key)!r}, got {weights.get(key)!r}"
        for key in _DECISIVE
        if weights.get(key) != network.get(key)
    ]
    norms = [_norm_family(arch.get("norm")) for arch in (network, weights)]
    if norms[0] != norms[1]:
        faults.append(f"norm must be {norms[0]}, got {norms[1]}")
    if faults:
        raise ValueError(
            f"{source} does not fit the network: {'; '.join(faults)}; "
            "build the network as the weights were trained, or choose other weights"
        )


def _norm_family(norm: str | None) -> str:
    return "batch norm" if norm in _BATCH_NORMS else norm or "none"


def _load_strictly(model: nn.Module, state: Mapping[str, Tensor], source: str) -> None:
    # a BatchNorm2d filled from a frozen one starts counting batches at its own 0
    counts = {k: v for k, v in model.state_dict().items() if k.endswith("num_batches_tracked")}
    try:
        model.load_state_dict({**counts, **state})
    except RuntimeError as error:
        raise ValueError(f"weights of {source} must match every key: {error}") from error


def _rename(
    state_dict: Mapping[str, Tensor], layers: Mapping[str, str], name: str
) -> dict[str, Tensor]:
    parts = {key: key.rpartition(".") for key in state_dict}
    unknown = [key for key, (layer, _, _) in parts.items() if layer not in layers]
    missing = sorted(set(layers) - {layer for layer, _, _ in parts.values()})
    if unknown or missing:
        raise ValueError(
            f"weights of {name} must match every layer; "
            f"unknown keys: {unknown or 'none'}; layers without keys: {missing or 'none'}"
        )
    return {f"{layers[layer]}.{leaf}": state_dict[key] for key, (layer, _, leaf) in parts.items()}


def _layer_names(name: str, state_dict: Mapping[str, Tensor]) -> dict[str, str]:
    """Layers with numbers of our network `name`, each with torchvision's name of it."""
    with torch.device("meta"):  # names only: no memory, no random numbers
        normed = any(key.endswith("running_mean") for key in state_dict)
        model = create(name, norm="bn") if normed else create(name)
    if isinstance(model, VGG):
        return _vgg_layers(model)
    layers = [
        n for n, m in model.named_modules() if next(m.parameters(recurse=False), None) is not None
    ]
    return {layer: _resnet_layer(layer) for layer in layers}


def _resnet_layer(ours: str) -> str:
    stage, _, rest = ours.partition(".")
    rest = rest.replace("shortcut.conv", "downsample.0").replace("shortcut.norm", "downsample.1")
    rest = rest.replace("norm", "bn")
    if stage == "stem":
        return rest
    return f"{_STAGES[stage]}.{rest}" if stage in _STAGES else stage


def _vgg_layers(model: VGG) -> dict[str, str]:
    """Number the layers as torchvision does: in one row, ReLU and pools included."""
    layers = {"fc6": "classifier.0", "fc7": "classifier.3", "fc8": "classifier.6"}
    row = [
        (f"{s}.{n}", m) for s, stage in model.stages().items() for n, m in stage.named_children()
    ]
    for index, (layer, module) in enumerate(row):
        if next(module.parameters(), None) is not None:
            layers[layer] = f"features.{index}"
    return layers


def _download(weights: Any, spec: str) -> dict[str, Tensor]:
    try:
        return weights.get_state_dict(progress=False, check_hash=True)
    except (OSError, RuntimeError) as error:
        folder = Path(torch.hub.get_dir()) / "checkpoints"
        raise ValueError(
            f"MODEL.WEIGHTS must be within reach, got {spec} ({error}); put the file of "
            f"{weights.url} into {folder}, or give the path of a file that "
            "tools/train_backbone.py wrote"
        ) from error
