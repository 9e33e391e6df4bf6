"""Weights into networks: our files, torchvision's published ones, and files of others."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torchvision
from torch import Tensor

from backbones.features import Classifier
from backbones.files import numpy_pickle
from backbones.files.digests import check_name
from backbones.machine.exhaustion import first_line
from backbones.machine.outline import outline
from backbones.registry import create
from backbones.terminal.wording import shorten
from backbones.weights.checkpoint import (
    BackboneCheckpoint,
    Preprocessing,
    backbone_from_payload,
    load,
)
from backbones.weights.fields import WAY_OUT, is_called, told
from backbones.weights.keymaps import KINDS, Kind, detect, from_torchvision, to_ours, to_torchvision
from backbones.weights.shapes import matched
from backbones.weights.soundness import check_weights
from backbones.weights.wrappers import unwrapped

__all__ = [
    "LoadedWeights",
    "check_arch",
    "fill",
    "from_torchvision",
    "load_weights",
    "read_weights",
    "to_torchvision",
    "torchvision_weights",
]

TORCHVISION = "torchvision:"
OURS = "ours"
PICKLE = ".pkl"
_THEIRS = {"googlenet_torchvision": "googlenet"}
# Source: torchvision's googlenet with weights, which itself turns its view into that of these
_HALVES = (0.5, 0.5, 0.5)
_AUTHORS = (None, "Caffe2", "torchvision")  # detectron2 says whose weights it wraps
_BATCH_NORMS = ("frozen", "bn", "sync")
# what must agree for weights to mean the same in another network
_DECISIVE = ("name", "width", "shortcut", "stride_in_1x1", "eps")
# Source: label_names in batches.meta of CIFAR-10.
_CIFAR_10 = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)


@dataclass(frozen=True)
class LoadedWeights:
    """What came with the weights, and the keys that were left out on request."""

    preprocessing: Preprocessing
    dropped: tuple[str, ...] = ()


def read_weights(path_or_spec: str, name: str) -> BackboneCheckpoint:
    """Return the weights of a file, or of `torchvision:<weights>` for the network `name`.

    A file is ours, or of a kind in `backbones.weights.keymaps`, which its keys show; what it says
    of its network is held to the network when it is filled. A hash in its name is held to.
    Raises: ValueError, FileNotFoundError.
    """
    return read_both(path_or_spec, name)[0]


def read_both(
    path_or_spec: str, name: str, kind: str = ""
) -> tuple[BackboneCheckpoint, dict[str, Tensor] | None]:
    """`read_weights`, and the state dict as others named it; None of a file of ours.

    `kind` holds a file to `ours` or one of `keymaps.KINDS`.
    """
    if path_or_spec.startswith(TORCHVISION):
        return _published(path_or_spec, name)
    path = Path(path_or_spec)
    if path.is_file():
        check_name(path)
    payload = numpy_pickle.load(path) if path.suffix == PICKLE else load(path)
    if not isinstance(payload, dict):
        raise ValueError(f"{path} must hold a dict of weights, got {type(payload).__name__}")
    if kind == OURS or ("format" in payload and not kind):
        ours = backbone_from_payload(payload, path)
        _check_arch(ours, path)
        return ours, None
    if "format" in payload:
        raise ValueError(f"weights of {path} must be of kind {kind}, got a file of ours")
    state = state_dict(payload, path)
    return from_state(state, path, kind), state


def _check_arch(weights: BackboneCheckpoint, path: Path) -> None:
    """Hold weights to the shapes of their arch, of which nothing is allocated."""
    try:
        check_depth(weights.arch["name"], len(weights.model))
        with outline():
            network = create(num_classes=weights.num_classes, **weights.arch).state_dict()
        matched(network, weights.model, str(path))
    except Exception as error:  # its fields may hold anything
        raise ValueError(
            f"arch of {path} must be of its weights, got {json.dumps(weights.arch):.200} of "
            f"{weights.num_classes} classes ({first_line(error)}); {WAY_OUT}"
        ) from error


def check_depth(name: str, arrays: int) -> None:
    """Refuse a network of more layers than there are arrays, which would take long to lay out."""
    depth = re.search(r"\d{0,9}$", name)
    if depth is not None and int(depth[0] or 0) > arrays:
        raise ValueError(f"layers of {name} must be among the weights, got {arrays} arrays")


def torchvision_weights(spec: str, name: str) -> BackboneCheckpoint:
    """Return the weights that torchvision publishes for our network `name`.

    `spec` is `torchvision:<member of its enum>`, such as torchvision:IMAGENET1K_V1.
    Raises: ValueError if torchvision has no such network or weights, or the file cannot be had.
    """
    return _published(spec, name)[0]


def _published(spec: str, name: str) -> tuple[BackboneCheckpoint, dict[str, Tensor]]:
    member = spec.removeprefix(TORCHVISION)
    theirs_name = _THEIRS.get(name, name)
    if theirs_name not in torchvision.models.list_models(module=torchvision.models):
        raise ValueError(f"MODEL.WEIGHTS must fit {name}, got {spec}; torchvision has no {name}")
    enum = torchvision.models.get_model_weights(theirs_name)
    members = [m for m, w in enum.__members__.items() if w.meta["categories"]]  # VGG: without fc
    if member not in members:
        raise ValueError(
            f"MODEL.WEIGHTS must be one of {', '.join(TORCHVISION + m for m in members)} "
            f"for {name}, got {spec}"
        )
    weights = enum[member]
    view, theirs = weights.transforms(), _download(weights, spec)
    model, ours = to_ours(KINDS["torchvision"], theirs, name)
    checkpoint = BackboneCheckpoint(
        arch=model.arch,
        num_classes=model.num_classes,
        model=ours,
        preprocessing=Preprocessing(
            channel_order="RGB",
            scale=1 / 255,
            mean=_HALVES if name in _THEIRS else tuple(view.mean),
            std=_HALVES if name in _THEIRS else tuple(view.std),
            class_names=tuple(weights.meta["categories"]),
        ),
        meta={"source": spec, "kind": "torchvision"},
        recipe=_test_sizes(view.crop_size[0], view.resize_size[0]),
    )
    return checkpoint, theirs


def from_state(state: Mapping[str, Tensor], source: Path, kind: str = "") -> BackboneCheckpoint:
    """A state dict of others as a checkpoint of ours, with the preprocessing of its kind."""
    found = KINDS[kind] if kind else detect(state, str(source))
    try:
        model, ours = to_ours(found, state)
    except ValueError as error:
        raise ValueError(f"{source} is no {found.name} file that can be read: {error}") from error
    return BackboneCheckpoint(
        arch=model.arch,
        num_classes=model.num_classes,
        model=ours,
        preprocessing=kind_preprocessing(found, model.num_classes),
        meta={"source": str(source), "kind": found.name},
        recipe=_test_sizes(*found.test_size),
    )


def state_dict(payload: Mapping[str, Any], path: Path) -> dict[str, Tensor]:
    """The weights in a file of others, whatever it wraps them in.

    Raises: ValueError if anything among them is no array, or their author is not known.
    """
    author = payload.get("__author__")
    if not is_called(author, *_AUTHORS):
        raise ValueError(
            f"__author__ of {path} must be one of {', '.join(_AUTHORS[1:])}, got {told(author)}; "
            "what these weights were trained to see is not known"
        )
    state = unwrapped(payload)
    if not all(isinstance(key, str) for key in state):
        raise ValueError(f"{path} must hold weights by name, got other keys among {len(state)}")
    others = [key for key, value in state.items() if not _is_array(value)]
    if others or not state:
        raise ValueError(
            f"{path} must hold a dict of weights, got "
            f"{'no arrays under ' + shorten(others) if others else 'an empty one'}"
        )
    weights = {key: torch.as_tensor(value) for key, value in state.items()}
    check_weights(weights, str(path))
    return weights


def kind_preprocessing(kind: Kind, num_classes: int) -> Preprocessing:
    """What networks of `kind` see; classes are named where there are as many as it is about."""
    data = _CIFAR_10 if kind.name == "akamaster" else _imagenet()
    return Preprocessing(
        channel_order=kind.channel_order,
        scale=kind.scale,
        mean=kind.mean,
        std=kind.std,
        class_names=data if len(data) == num_classes else (),
    )


def _imagenet() -> tuple[str, ...]:
    return tuple(torchvision.models.ResNet18_Weights.IMAGENET1K_V1.meta["categories"])


def _test_sizes(size: int, shorter_side: int) -> dict[str, Any]:
    return {"INPUT": {"SIZE": size, "MIN_SIZE_TEST": shorter_side}}


def _is_array(value: Any) -> bool:
    return isinstance(value, Tensor) or (
        isinstance(value, np.ndarray) and value.dtype.kind in "fiu"
    )


def load_weights(
    model: Classifier, path_or_spec: str, *, drop_classifier: bool = False
) -> LoadedWeights:
    """Fill `model` with the weights of a file or of `torchvision:<weights>`.

    `drop_classifier` leaves the last layer as it was drawn; the result names its keys.
    Raises: ValueError that lists what differs: architecture, number of classes, keys.
    """
    checkpoint = read_weights(path_or_spec, published_name(model.arch))
    return fill(model, checkpoint, path_or_spec, drop_classifier=drop_classifier)


def published_name(arch: Mapping[str, Any]) -> str:
    """The name that torchvision gives a network; ours has the norm of a VGG beside its name."""
    normed = arch["name"].startswith("vgg") and arch.get("norm") in _BATCH_NORMS
    return f"{arch['name']}_bn" if normed else arch["name"]


def fill(
    model: Classifier,
    checkpoint: BackboneCheckpoint,
    source: str,
    *,
    drop_classifier: bool = False,
) -> LoadedWeights:
    """`load_weights` from a checkpoint in memory; `source` names it in errors."""
    faults = _arch_faults(checkpoint.arch, model.arch)
    if not drop_classifier and checkpoint.num_classes != model.num_classes:
        faults.append(
            f"num_classes must be {model.num_classes}, got {checkpoint.num_classes} "
            "(drop_classifier leaves the last layer out)"
        )
    _refuse(faults, source)
    state = dict(checkpoint.model)
    dropped: tuple[str, ...] = ()
    if drop_classifier:
        prefixes = tuple(f"{layer}." for layer in model.classifier_names)
        dropped = tuple(key for key in state if key.startswith(prefixes))
        own = model.state_dict()
        kept = {key: value for key, value in state.items() if key not in dropped}
        state = kept | {key: own[key] for key in own if key.startswith(prefixes)}
    model.load_state_dict(matched(model.state_dict(), state, source))
    return LoadedWeights(checkpoint.preprocessing, dropped)


def check_arch(weights: Mapping[str, Any], network: Mapping[str, Any], source: str) -> None:
    """Raise a ValueError with every difference, if weights of one arch mean nothing in the other.

    Batch norms of every kind hold the same numbers; dropout holds none.
    """
    _refuse(_arch_faults(weights, network), source)


def _arch_faults(weights: Mapping[str, Any], network: Mapping[str, Any]) -> list[str]:
    faults = [
        f"{key} must be {network.get(key)!r}, got {weights.get(key)!r}"
        for key in _DECISIVE
        if weights.get(key) != network.get(key)
    ]
    norms = [_norm_family(arch.get("norm")) for arch in (network, weights)]
    if norms[0] != norms[1]:
        faults.append(f"norm must be {norms[0]}, got {norms[1]}")
    return faults


def _refuse(faults: list[str], source: str) -> None:
    if faults:
        raise ValueError(
            f"{source} does not fit the network: {'; '.join(faults)}; "
            "build the network as the weights were trained, or choose other weights"
        )


def _norm_family(norm: str | None) -> str:
    return "batch norm" if norm in _BATCH_NORMS else norm or "none"


def _download(weights: Any, spec: str) -> dict[str, Tensor]:
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    kept = folder / Path(weights.url).name
    if kept.is_file():
        check_name(kept)  # torch does so when it downloads, not when it finds the file there
    try:
        return weights.get_state_dict(progress=False, check_hash=True, weights_only=True)
    except (OSError, RuntimeError, pickle.UnpicklingError) as error:
        raise ValueError(
            f"MODEL.WEIGHTS must be within reach, got {spec} ({error}); put the file of "
            f"{weights.url} into {folder}, or give the path of a file that "
            "resdet train-backbone wrote"
        ) from error
